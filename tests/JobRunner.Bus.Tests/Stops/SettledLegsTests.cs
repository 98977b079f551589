using JobRunner.Bus.Stops;

namespace JobRunner.Bus.Tests.Stops;

/// <summary>Many legs in one note, none of them forgotten.</summary>
public sealed class SettledLegsTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task What_comes_while_a_note_is_written_goes_into_the_next_one()
    {
        var (notes, firstIsWritten, firstMayEnd) = (new List<string>(), new TaskCompletionSource(), new TaskCompletionSource());
        var legs = new SettledLegs(async note =>
        {
            notes.Add(string.Join(SettledLegs.Separator, note));
            firstIsWritten.TrySetResult();
            await firstMayEnd.Task;
        });
        var first = legs.NoteAsync("a");
        await firstIsWritten.Task.WaitAsync(Deadline, TimeProvider.System);

        var second = legs.NoteAsync("b");
        var third = legs.NoteAsync("c");
        Assert.False(first.IsCompleted || second.IsCompleted);
        firstMayEnd.SetResult();

        await Task.WhenAll(first, second, third).WaitAsync(Deadline, TimeProvider.System);
        Assert.Equal(["a", "b,c"], notes);
    }

    [Fact]
    public async Task Each_is_noted_once_however_many_come_at_once()
    {
        var (noted, most, notes) = (new System.Collections.Concurrent.ConcurrentBag<string>(), 0, 0);
        var legs = new SettledLegs(async note =>
        {
            Interlocked.Increment(ref notes);
            InterlockedMax(ref most, note.Count);
            await Task.Yield();
            foreach (var leg in note)
            {
                noted.Add(leg);
            }
        });
        var all = Enumerable.Range(0, 20_000).Select(leg => $"{leg}").ToList();

        await Task.WhenAll(all.AsParallel().WithDegreeOfParallelism(4).Select(legs.NoteAsync).ToList()).WaitAsync(Deadline, TimeProvider.System);

        Assert.Equal(all.Order(), noted.Order());
        // A header has to fit into a frame.
        Assert.InRange(most, 2, 1000);
        Assert.InRange(notes, 20, 10_000);
    }

    [Fact]
    public async Task A_note_that_cannot_be_written_is_told_to_those_in_it_only()
    {
        var times = 0;
        var legs = new SettledLegs(_ => times++ == 0 ? Task.FromException(new IOException("gone")) : Task.CompletedTask);

        await Assert.ThrowsAsync<IOException>(() => legs.NoteAsync("a").WaitAsync(Deadline, TimeProvider.System));
        await legs.NoteAsync("b").WaitAsync(Deadline, TimeProvider.System);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value && Interlocked.CompareExchange(ref most, value, seen) != seen; seen = Volatile.Read(ref most))
        {
        }
    }
}
