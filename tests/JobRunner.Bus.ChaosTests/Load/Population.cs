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
            var takes = random.NextDouble() switch
            {
                < 0.6 => random.Next(0, 60),
                < 0.92 => random.Next(200, 2000),
                // Longer than a lease.
                _ => random.Next(3000, 6000),
            };
            var fails = random.NextDouble() < 0.5 ? 0 : random.Next(1, 4);
            var retry = random.NextDouble() < 0.15 ? Math.Max(0, fails - 1) : fails + random.Next(0, 2);
            var wait = random.NextDouble() switch
            {
                < 0.1 => "0",
                < 0.4 => "50ms",
                < 0.7 => "400ms",
                // Parked in the broker.
                _ => "1500ms",
            };
            var stops = random.NextDouble() switch
            {
                < 0.8 => 0,
                < 0.95 => 1,
                _ => 2,
            };
            TimeSpan[] stopsAfter = [.. Enumerable.Range(0, stops).Select(_ => TimeSpan.FromMilliseconds(random.Next(-400, 2500)))];
            yield return new ChaosJob(IdOf(number), TimeSpan.FromMilliseconds(takes), fails, retry, wait, stopsAfter, random.Next(2) == 0, random.Next(0, 3));
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
