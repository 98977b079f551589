using System.Threading.Channels;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>
/// Where commands go and results come from: the embedded bus, or a broker. It listens from before the first send, so that
/// no result is missed.
/// </summary>
internal interface ISchedulerBus : IAsyncDisposable
{
    /// <summary>Sends a command; returns once it is safely queued.</summary>
    /// <exception cref="SchedulerBusException">It could not be queued.</exception>
    Task SendAsync(RunJob command, CancellationToken cancellation);

    /// <summary>Sends a stop; the stopped jobs' results arrive as any other.</summary>
    /// <exception cref="SchedulerBusException">It could not be sent.</exception>
    Task StopAsync(StopJob command, CancellationToken cancellation);

    /// <summary>
    /// Results as they arrive, of any request; a job's logs are in <see cref="Logs"/> before its result is here, as far
    /// as they travel in order. Completed with an error when the bus is lost.
    /// </summary>
    ChannelReader<JobFinished> Finished { get; }

    /// <summary>Logs as they arrive; completed from the start by a bus that brings none.</summary>
    ChannelReader<JobLogRecorded> Logs { get; }

    /// <summary>What runs and waits now, for live progress.</summary>
    /// <exception cref="SchedulerBusException">Nobody could be asked.</exception>
    Task<IReadOnlyList<RunnerStatus>> GetStatusAsync(string requestId, CancellationToken cancellation);
}
