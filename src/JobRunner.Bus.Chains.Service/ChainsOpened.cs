namespace JobRunner.Bus.Chains.Service;

/// <summary>Tells when the store is there with its tables.</summary>
internal sealed class ChainsOpened
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _opened.Task;

    public void Set() => _opened.TrySetResult();
}
