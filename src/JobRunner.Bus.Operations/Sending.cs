namespace JobRunner.Bus.Operations;

/// <summary>Messages on their way to a broker, so many at once and no more. After the first that fails none is begun.</summary>
/// <param name="atOnce">How many.</param>
internal sealed class Sending(int atOnce) : IDisposable
{
    private readonly SemaphoreSlim _room = new(atOnce);
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins one as soon as there is room.</summary>
    /// <exception cref="SchedulerBusException">One before it failed.</exception>
    public async Task BeginAsync(Func<Task> send, CancellationToken stop)
    {
        await _room.WaitAsync(stop);
        if (_broken.Task.IsFaulted)
        {
            _room.Release();
            await _broken.Task;
        }

        _ = SendAsync(send);
    }

    /// <summary>Waits for what is on its way, whatever becomes of it.</summary>
    public async Task EndAsync()
    {
        for (var i = 0; i < atOnce; i++)
        {
            await _room.WaitAsync(CancellationToken.None);
        }
    }

    /// <summary>Tells of the first that failed, if one did.</summary>
    public Task ThrowIfBrokenAsync() => _broken.Task.IsFaulted ? _broken.Task : Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _room.Dispose();

    private async Task SendAsync(Func<Task> send)
    {
        try
        {
            await send();
        }
        catch (Exception error)
        {
            _broken.TrySetException(error);
        }
        finally
        {
            _room.Release();
        }
    }
}
