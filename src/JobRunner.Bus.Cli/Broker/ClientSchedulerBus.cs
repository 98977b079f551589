using System.Threading.Channels;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>
/// Schedules over RabbitMQ by the client library. Results and logs come from one queue, so that the logs of a run, which the
/// broker had first, come before its result. A connection that is lost comes back by itself, unless that takes too long.
/// </summary>
internal sealed class ClientSchedulerBus : ISchedulerBus, IJobRunnerObserver
{
    // Long enough for a node to restart; the logs of all jobs lie in the queue meanwhile.
    private static readonly TimeSpan BrokerMayBeAwayFor = TimeSpan.FromMinutes(2);

    private readonly HashSet<string> _wanted;
    private readonly TextWriter _notes;
    private readonly Channel<JobFinished> _finished = Channel.CreateUnbounded<JobFinished>();
    private readonly Channel<JobLogRecorded> _logs = Channel.CreateUnbounded<JobLogRecorded>();
    private readonly TaskCompletionSource _endedInAlarm = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _stop;
    private readonly CancellationTokenRegistration _stopping;
    private volatile bool _hasAlarm;
    private JobRunnerClient? _client;

    private ClientSchedulerBus(IEnumerable<string> requestIds, TextWriter notes, CancellationToken stop)
    {
        _wanted = [.. requestIds];
        _notes = notes;
        _stop = stop;
        _stopping = stop.Register(EndInAlarm);
    }

    public ChannelReader<JobFinished> Finished => _finished.Reader;

    public ChannelReader<JobLogRecorded> Logs => _logs.Reader;

    private JobRunnerClient Client => _client ?? throw new InvalidOperationException("not connected");

    /// <summary>Connects, and listens for what becomes of the requests; of none if there are none.</summary>
    /// <param name="address">The broker.</param>
    /// <param name="requestIds">The requests.</param>
    /// <param name="notes">Where a lost connection is told.</param>
    /// <param name="cancellation">This process is to end: in an alarm of the broker without what could not be sent.</param>
    /// <exception cref="SchedulerBusException">The broker cannot be used, or no worker has ever connected to it.</exception>
    public static async Task<ISchedulerBus> OpenAsync(
        BrokerAddress address, IReadOnlyCollection<string> requestIds, TextWriter notes, CancellationToken cancellation)
    {
        var bus = new ClientSchedulerBus(requestIds, notes, cancellation);
        var listens = requestIds.Count > 0;
        bus._client = await ClientFaults.ExplainAsync(() => JobRunnerClient.ConnectAsync(
            address,
            new JobRunnerClientOptions
            {
                ClientName = "jobrunner submit",
                ReceivesResults = listens,
                ReceivesLogs = listens,
                // What the user "operator" of infra/rabbitmq/definitions.json may declare.
                OwnQueuePrefix = "operator.",
                OwnQueueExpires = BrokerMayBeAwayFor,
                ReconnectTimeout = BrokerMayBeAwayFor,
                KeepUnclaimed = TimeSpan.Zero,
                Observer = bus,
            },
            cancellation));
        return bus;
    }

    public Task SendAsync(RunJob command, CancellationToken cancellation) => SendAsync(() => Client.SubmitAsync(command, cancellation));

    public Task StopAsync(StopJob command, CancellationToken cancellation) => SendAsync(() => Client.SendStopAsync(command, cancellation));

    public Task<IReadOnlyList<RunnerStatus>> GetStatusAsync(string requestId, CancellationToken cancellation) =>
        ClientFaults.ExplainAsync(() => Client.StatusAsync(requestId, cancellationToken: cancellation));

    public async ValueTask DisposeAsync()
    {
        await _stopping.DisposeAsync();
        await Client.DisposeAsync();
    }

    /// <exception cref="OperationCanceledException">The process is to end, and the broker takes nothing: the jobs go on.</exception>
    private async Task SendAsync(Func<Task> send)
    {
        var sending = ClientFaults.ExplainAsync(async () =>
        {
            await send();
            return true;
        });
        if (await Task.WhenAny(sending, _endedInAlarm.Task) != sending)
        {
            throw new OperationCanceledException("the broker has an alarm");
        }

        await sending;
    }

    private void EndInAlarm()
    {
        if (_hasAlarm && _stop.IsCancellationRequested && _endedInAlarm.TrySetResult())
        {
            _notes.WriteLine("jobrunner: in an alarm of the broker no stop can be sent: jobs already sent go on without this process");
        }
    }

    void IJobRunnerObserver.OnResult(JobFinished result)
    {
        if (_wanted.Contains(result.RequestId))
        {
            _finished.Writer.TryWrite(result);
        }
    }

    void IJobRunnerObserver.OnLog(JobLogRecorded log)
    {
        if (_wanted.Contains(log.RequestId))
        {
            _logs.Writer.TryWrite(log);
        }
    }

    void IJobRunnerObserver.OnDisconnected(string reason) => _notes.WriteLine($"jobrunner: {reason}; waiting for the broker, jobs already sent go on");

    void IJobRunnerObserver.OnAlarm(string? reason)
    {
        _notes.WriteLine(reason is null
            ? "jobrunner: the broker's alarm has ended"
            : $"jobrunner: the broker has an alarm ({reason}) and takes no messages; jobs already sent go on, others wait");
        _hasAlarm = reason is not null;
        EndInAlarm();
    }

    void IJobRunnerObserver.OnReconnected() => _notes.WriteLine("jobrunner: the broker is there again");

    void IJobRunnerObserver.OnResultsLost(JobRunnerClientException reason)
    {
        _logs.Writer.TryComplete();
        _finished.Writer.TryComplete(new SchedulerBusException(
            $"the broker was away for more than {BrokerMayBeAwayFor.TotalMinutes:0} minutes; jobs already sent go on without this process", reason));
    }
}
