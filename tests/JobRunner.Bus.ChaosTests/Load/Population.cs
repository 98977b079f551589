namespace JobRunner.Bus.ChaosTests.Load;

/// <summary>A mixed population of jobs: quick and slow, failing and hopeless, waiting and stopped.</summary>
public static class Population
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <summary>The jobs of a seed, without end.</summary>
    public static IEnumerable<ChaosJob> Of(int seed)
    {
        var random = new Random(seed);
        for (var number = 0; ; number++)
        {
            var takes = random.NextDouble() < 0.7 ? random.Next(0, 60) : random.Next(200, 2500);
            var fails = random.NextDouble() < 0.5 ? 0 : random.Next(1, 4);
            // Some have no try to spare for a failure that the faults cause nobody but them: they may end FAIL.
            var retry = random.NextDouble() < 0.1 ? Math.Max(0, fails - 1) : fails + random.Next(0, 2);
            var wait = random.NextDouble() switch
            {
                < 0.4 => "50ms",
                < 0.7 => "400ms",
                _ => "1500ms",
            };
            TimeSpan? stop = random.NextDouble() < 0.2 ? TimeSpan.FromMilliseconds(random.Next(0, 2500)) : null;
            yield return new ChaosJob(
                IdOf(number), TimeSpan.FromMilliseconds(takes), fails, retry, wait, stop, random.NextDouble() < 0.5);
        }
    }

    private static string IdOf(int number) => string.Create(4, number, (id, left) =>
    {
        for (var place = 3; place >= 0; place--)
        {
            id[place] = Alphabet[left % Alphabet.Length];
            left /= Alphabet.Length;
        }
    });
}
