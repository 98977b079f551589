namespace JobRunner.Bus.Runners;

/// <summary>Limits how many tries run at once. Runners that wait between tries hold no slot.</summary>
/// <param name="count">How many, at least 1.</param>
public sealed class TrySlots(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count, count);

    /// <summary>How many tries may run at once.</summary>
    public int Count => count;

    /// <summary>How many tries run now.</summary>
    public int InUse => count - _free.CurrentCount;

    /// <summary>Takes a slot if one is free.</summary>
    public bool TryTake() => _free.Wait(0);

    /// <summary>Waits for a free slot, first come first served.</summary>
    /// <exception cref="OperationCanceledException">The token fired first; no slot is held.</exception>
    public Task TakeAsync(CancellationToken cancellationToken) => _free.WaitAsync(cancellationToken);

    /// <summary>Gives a slot back.</summary>
    public void Release() => _free.Release();

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();
}
