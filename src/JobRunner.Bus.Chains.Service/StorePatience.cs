using System.Data.Common;
using System.Net.Sockets;
using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Consumers;
using JobRunner.Bus.Hosting;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Chains.Service;

/// <summary>
/// Waits out a store that cannot be used, with a line in the log when that begins and when it ends, and the worker not ready in
/// between. The delivery stays open meanwhile, so that its event is in its queue whatever happens.
/// </summary>
internal sealed class StorePatience(ChainStore store, WorkerReadiness readiness, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<StorePatience> logger)
{
    private const string Readiness = "chain store";

    // An event that fails so often while the store works is at fault itself.
    private const int TriesOfAnEvent = 5;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private int _away;

    /// <summary>Takes in an event; it goes back to its queue if the process ends first.</summary>
    /// <returns>Whether it was taken in.</returns>
    public async Task<bool> RunAsync(ConsumeContext context, Func<CancellationToken, Task> work)
    {
        try
        {
            await RunAsync(work, context.CancellationToken);
            return true;
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && CommandChannel.Requeue(context))
        {
            // Another instance takes it, or this one after its next start.
            return false;
        }
    }

    /// <summary>Does something with the store until it is done.</summary>
    /// <exception cref="OperationCanceledException">It was given up, or the process ends.</exception>
    /// <exception cref="Exception">It fails again and again though the store can be used.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var wait = TimeSpan.FromMilliseconds(100);
        for (var tries = 1; ; tries++)
        {
            try
            {
                await work(given.Token);
                Back();
                return;
            }
            catch (Exception error) when (IsOfStore(error) && !given.IsCancellationRequested)
            {
                if (await CannotBeUsedAsync(given.Token) is { } reason)
                {
                    Away(reason);
                    tries = 0;
                }
                else if (tries >= TriesOfAnEvent)
                {
                    throw;
                }
            }

            await Task.Delay(wait, time, given.Token);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private static bool IsOfStore(Exception error) => error is DbException or IOException or SocketException or TimeoutException;

    private async Task<string?> CannotBeUsedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.PrepareAsync(cancellationToken);
            return null;
        }
        catch (Exception error) when (IsOfStore(error))
        {
            return error.Message;
        }
    }

    private void Away(string reason)
    {
        if (Interlocked.Exchange(ref _away, 1) == 0)
        {
            ChainsLog.StoreAway(logger, store.Name, reason);
            readiness.Set(Readiness, $"the store of chains, {store.Name}, cannot be used: {reason}");
        }
    }

    private void Back()
    {
        if (_away == 1 && Interlocked.Exchange(ref _away, 0) == 1)
        {
            ChainsLog.StoreBack(logger, store.Name);
            readiness.Set(Readiness, null);
        }
    }
}
