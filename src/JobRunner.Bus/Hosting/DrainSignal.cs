namespace JobRunner.Bus.Hosting;

/// <summary>Tells deliveries that have not started a run that this worker takes no new work.</summary>
internal sealed class DrainSignal : IDisposable
{
    private readonly CancellationTokenSource _begun = new();

    public DrainSignal() => Begun = _begun.Token;

    /// <summary>Fires when the drain begins.</summary>
    public CancellationToken Begun { get; }

    public void Begin() => _begun.Cancel();

    public void Dispose() => _begun.Dispose();
}
