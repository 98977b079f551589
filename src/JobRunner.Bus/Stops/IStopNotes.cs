using JobRunner.Bus.Runs;

namespace JobRunner.Bus.Stops;

/// <summary>Tells all workers, those yet to start too, what became of a stop.</summary>
internal interface IStopNotes
{
    /// <summary>A waiting run was stopped and its scheduler told: whoever gets it when it is due drops it.</summary>
    Task SettledAsync(ParkedRun parked);

    /// <summary>The stop at this offset of the stream, which says no time, was first seen at the time it has here.</summary>
    Task FirstSeenAsync(StopOrder order, string offset);
}

/// <summary>For a bus that ends with this process: what this process knows is enough.</summary>
internal sealed class InMemoryStopNotes(StopBook book) : IStopNotes
{
    public Task SettledAsync(ParkedRun parked)
    {
        book.Settle(parked.Leg);
        return Task.CompletedTask;
    }

    public Task FirstSeenAsync(StopOrder order, string offset) => Task.CompletedTask;
}
