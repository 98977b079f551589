using System.Threading.Channels;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>
/// Schedules over RabbitMQ: commands to the workers' exchanges, results and logs from one queue of its own, so that the
/// logs of a run, which the broker had first, come before its result.
/// </summary>
internal sealed class BrokerSchedulerBus : ISchedulerBus
{
    private readonly BrokerConnection _connection;
    private readonly BrokerControl _control;
    private readonly TimeProvider _time;
    private readonly Channel<JobFinished> _finished = Channel.CreateUnbounded<JobFinished>();
    private readonly Channel<JobLogRecorded> _logs = Channel.CreateUnbounded<JobLogRecorded>();
    private Task _sorting = Task.CompletedTask;

    private BrokerSchedulerBus(BrokerConnection connection, TimeProvider time)
    {
        _connection = connection;
        _control = new BrokerControl(connection, time, ownsConnection: false);
        _time = time;
    }

    public ChannelReader<JobFinished> Finished => _finished.Reader;

    public ChannelReader<JobLogRecorded> Logs => _logs.Reader;

    /// <summary>Connects, and listens for what becomes of the requests; of none if there are none.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used, or no worker has ever connected to it.</exception>
    public static async Task<ISchedulerBus> OpenAsync(
        BrokerAddress address,
        IReadOnlyCollection<string> requestIds,
        TimeProvider time,
        CancellationToken cancellation)
    {
        var connection = await BrokerConnection.OpenAsync(address, "jobrunner submit", cancellation);
        var bus = new BrokerSchedulerBus(connection, time);
        try
        {
            await connection.RequireExchangesAsync(
                [Names.RunJob, Names.StopJob, Names.JobFinished, Names.JobLogRecorded, Names.GetRunnerStatus],
                cancellation);
            if (requestIds.Count == 0)
            {
                return bus;
            }

            var wanted = requestIds.ToHashSet();
            var inbox = await connection.ListenAsync<object>(
                [Names.JobFinished, Names.JobLogRecorded],
                delivery => delivery.Exchange == Names.JobFinished
                    ? Messages.TryRead<JobFinished>(delivery.Body.Span) is { } result && wanted.Contains(result.RequestId) ? result : null
                    : Messages.TryRead<JobLogRecorded>(delivery.Body.Span) is { } log && wanted.Contains(log.RequestId) ? log : null,
                cancellation);
            bus._sorting = bus.SortAsync(inbox.Items);
            return bus;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task SendAsync(RunJob command, CancellationToken cancellation)
    {
        if (!await _connection.PublishAsync(Names.RunJob, command, null, null, SentAt(command.SentAt), cancellation))
        {
            throw new SchedulerBusException(BrokerErrors.NoWorkerEver);
        }
    }

    public async Task StopAsync(StopJob command, CancellationToken cancellation)
    {
        if (!await _connection.PublishAsync(Names.StopJob, command, null, null, SentAt(command.SentAt), cancellation))
        {
            throw new SchedulerBusException(BrokerErrors.NoWorkerEver);
        }
    }

    public async Task<IReadOnlyList<RunnerStatus>> GetStatusAsync(string requestId, CancellationToken cancellation) =>
        (await _control.AskStatusAsync(new GetRunnerStatus { RequestId = requestId }, cancellation))?.Runners ?? [];

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _sorting;
    }

    private DateTimeOffset SentAt(DateTimeOffset? sentAt) => sentAt ?? _time.GetUtcNow();

    private async Task SortAsync(ChannelReader<object> items)
    {
        Exception? reason = null;
        try
        {
            await foreach (var item in items.ReadAllAsync())
            {
                if (item is JobLogRecorded log)
                {
                    _logs.Writer.TryWrite(log);
                }
                else
                {
                    _finished.Writer.TryWrite((JobFinished)item);
                }
            }
        }
        catch (SchedulerBusException lost)
        {
            reason = lost;
        }

        _logs.Writer.TryComplete();
        _finished.Writer.TryComplete(reason);
    }
}
