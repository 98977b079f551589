using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Hosting;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Ends a command that goes on by itself: by a signal, or since nobody reads its output any more.</summary>
internal sealed class WatchEnd : IDisposable
{
    private readonly CancellationToken _gone;
    private readonly CancellationTokenSource _either;

    public WatchEnd(IInterrupts interrupts, Screen screen)
    {
        _gone = screen.WatchReader();
        _either = CancellationTokenSource.CreateLinkedTokenSource(interrupts.Stop, _gone);
    }

    /// <summary>Runs it until one of the two ends it.</summary>
    /// <exception cref="OutputClosedException">Nobody reads any more.</exception>
    public async Task<int> RunAsync(Func<CancellationToken, Task<int>> command)
    {
        try
        {
            return await command(_either.Token);
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            throw new OutputClosedException();
        }
    }

    public void Dispose() => _either.Dispose();
}
