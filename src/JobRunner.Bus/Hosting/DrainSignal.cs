using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Hosting;

/// <summary>Tells deliveries that have not started a run that this worker takes no new work.</summary>
internal sealed class DrainSignal : IDisposable
{
    private readonly CancellationTokenSource _begun = new();
    private volatile bool _isOver;

    public DrainSignal() => Begun = _begun.Token;

    /// <summary>Fires when the drain begins.</summary>
    public CancellationToken Begun { get; }

    /// <summary>How far it is, in the word of <see cref="WorkerStatus.Drain"/>.</summary>
    public string? Stage => _isOver ? WorkerStatus.Drained : Begun.IsCancellationRequested ? WorkerStatus.Draining : null;

    public void Begin() => _begun.Cancel();

    /// <summary>No run is left here.</summary>
    public void End() => _isOver = true;

    public void Dispose() => _begun.Dispose();
}
