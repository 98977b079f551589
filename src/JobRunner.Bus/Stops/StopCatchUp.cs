using JobRunner.Bus.Hosting;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Stops;

/// <summary>
/// Sees to it that this worker has read all stops before it starts a run: as it starts itself, and each time the stream or the
/// queue of commands was lost and is read again. They come by connections of their own, and one can be back long before the other.
/// </summary>
internal sealed class StopCatchUp(
    StopHearing hearing, BrokerStopNotes notes, IHostApplicationLifetime lifetime, ILogger<StopCatchUp> logger) : IReceiveEndpointObserver
{
    /// <summary>Reads up to a mark that it puts at the end of the stream; however long the stream cannot be read.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        hearing.Lost();
        var (mark, seen) = hearing.NewMark();
        await notes.MarkAsync(mark, cancellationToken);
        await seen.WaitAsync(cancellationToken);
    }

    private async Task CatchUpAsync()
    {
        try
        {
            await RunAsync(lifetime.ApplicationStopping);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            BrokerLog.AnswerNotSent(logger, "a mark in the stream of stops", error.Message);
        }
        catch (OperationCanceledException)
        {
            // The worker ends.
        }
    }

    /// <remarks>Before there is a first mark, <see cref="WorkerIntake"/> catches up by itself.</remarks>
    Task IReceiveEndpointObserver.Ready(ReceiveEndpointReady ready)
    {
        if (!hearing.Hears)
        {
            _ = CatchUpAsync();
        }

        return Task.CompletedTask;
    }

    Task IReceiveEndpointObserver.Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    Task IReceiveEndpointObserver.Completed(ReceiveEndpointCompleted completed)
    {
        hearing.Lost();
        return Task.CompletedTask;
    }

    Task IReceiveEndpointObserver.Faulted(ReceiveEndpointFaulted faulted)
    {
        hearing.Lost();
        return Task.CompletedTask;
    }
}
