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
    StopHearing hearing, CaughtUpMarks marks, BrokerStopNotes notes, IHostApplicationLifetime lifetime, ILogger<StopCatchUp> logger) : IReceiveEndpointObserver
{
    /// <summary>Reads up to a mark that it puts at the end of the stream; however long the stream cannot be read.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Lost();
        var (mark, seen) = marks.New();
        await notes.MarkAsync(mark, cancellationToken);
        await seen.WaitAsync(cancellationToken);
        hearing.CaughtUp();
    }

    /// <summary>Stops may be missed until they are read up to a mark once more.</summary>
    public void Lost()
    {
        hearing.Lost();
        // It may be read from its beginning again.
        marks.Begin();
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
        Lost();
        return Task.CompletedTask;
    }

    Task IReceiveEndpointObserver.Faulted(ReceiveEndpointFaulted faulted)
    {
        Lost();
        return Task.CompletedTask;
    }
}
