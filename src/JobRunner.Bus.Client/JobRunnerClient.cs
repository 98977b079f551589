using System.Security.Cryptography;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Client;

/// <summary>
/// A scheduler's side of the contract: sends jobs to whatever worker is free, stops them, waits for their results. One
/// client serves all of a process; its methods may be called at once from any thread.
/// </summary>
/// <remarks>
/// The queue of results is bound before anything is sent, and outlives a lost connection, so that no result is missed. The
/// client reconnects by itself; what waits meanwhile goes on waiting.
/// </remarks>
public sealed partial class JobRunnerClient : IAsyncDisposable
{
    private const int MostUnclaimed = 10_000;
    private static readonly TimeSpan PresetStopTimeout = TimeSpan.FromSeconds(30);

    private readonly JobRunnerClientOptions _options;
    private readonly ResultBook _book;
    private readonly SessionKeeper _sessions;

    private JobRunnerClient(JobRunnerClientOptions options, ResultBook book, SessionKeeper sessions)
    {
        _options = options;
        _book = book;
        _sessions = sessions;
    }

    /// <summary>Connects, and binds the queue of results.</summary>
    /// <param name="broker"><c>amqp://user:password@host:5672/vhost</c>, or <c>amqps://</c> for TLS.</param>
    /// <param name="options">How the client behaves; the presets if absent.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    /// <exception cref="ArgumentException">The address or an option is wrong.</exception>
    /// <exception cref="JobRunnerClientException">The broker cannot be used, or no worker has ever connected to it.</exception>
    public static Task<JobRunnerClient> ConnectAsync(
        Uri broker, JobRunnerClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(broker);
        return ConnectAsync(new RabbitMqOptions { Uri = broker.OriginalString }, options, cancellationToken);
    }

    /// <summary>
    /// Connects to one of a broker's nodes, by its settings for TLS and login, and binds the queue of results. Files are read
    /// anew for each connection: renewed certificates and passwords count from the next one on.
    /// </summary>
    /// <param name="broker">The broker; <see cref="RabbitMqOptions.FromEnvironment"/> reads what workers and <c>jobrunner</c> read.</param>
    /// <param name="options">How the client behaves; the presets if absent.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    /// <exception cref="ArgumentException">A setting or an option is wrong; all wrong settings are told.</exception>
    /// <exception cref="JobRunnerClientException">The broker cannot be used, or no worker has ever connected to it.</exception>
    public static async Task<JobRunnerClient> ConnectAsync(
        RabbitMqOptions broker, JobRunnerClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(broker);
        options ??= new JobRunnerClientOptions();
        options.Validate();
        // Whoever has them may change them.
        var settings = broker.Clone();
        var wrong = BrokerAddress.Problems(settings);
        return wrong.Count == 0
            ? await ConnectAsync(new BrokerAddress(settings), options, cancellationToken)
            : throw new ArgumentException(string.Join("; ", wrong), nameof(broker));
    }

    /// <summary>The same for a broker whose settings were found good.</summary>
    internal static async Task<JobRunnerClient> ConnectAsync(BrokerAddress address, JobRunnerClientOptions options, CancellationToken cancellationToken)
    {
        var book = new ResultBook(options.KeepUnclaimed, MostUnclaimed, options.Time);
        return new JobRunnerClient(options, book, await SessionKeeper.StartAsync(address, options, book, cancellationToken));
    }

    internal TimeProvider Time => _options.Time;

    /// <summary>A fresh request id of Spin Cycle's form: 20 characters of [0-9a-v].</summary>
    public static string NewRequestId() => RandomNumberGenerator.GetString("0123456789abcdefghijklmnopqrstuv", 20);

    /// <summary>
    /// Sends a job to the workers; returns once the broker has it safely. Without <see cref="RunJob.SentAt"/> it is sent
    /// as of now. To resume a job, send it again with <see cref="JobFinished.PrevTries"/>,
    /// <see cref="JobFinished.TotalTries"/> and <see cref="JobFinished.JobData"/> of its result.
    /// </summary>
    /// <exception cref="ArgumentException">The command breaks the contract; every rule broken is told.</exception>
    /// <exception cref="JobRunnerClientException">The broker did not take it, or did not say so.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the job may have been sent.</exception>
    public async Task SubmitAsync(RunJob command, CancellationToken cancellationToken = default)
    {
        var ready = Ready(command);
        await SendAsync(Exchanges.RunJob, ready, ready.RequestId, ready.Job.Id, ready.SentAt!.Value, cancellationToken);
    }

    /// <summary>Sends a job and waits for its result. Cancelling gives up waiting; it does not stop the job.</summary>
    /// <exception cref="ArgumentException">The command breaks the contract; every rule broken is told.</exception>
    /// <exception cref="JobRunnerClientException">The broker did not take it, or results were lost meanwhile.</exception>
    public async Task<JobFinished> RunAsync(RunJob command, CancellationToken cancellationToken = default)
    {
        RequireResults();
        var ready = Ready(command);
        using var notSent = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var result = _book.WaitAsync(new JobKey(ready.RequestId, ready.Job.Id), ready.TotalTries, ready.SentAt, fresh: true, notSent.Token);
        try
        {
            await SubmitAsync(ready, cancellationToken);
        }
        catch
        {
            await notSent.CancelAsync();
            await ((Task)result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await result;
    }

    /// <summary>
    /// Waits for the end of a job that was sent before, by this client or, with a
    /// <see cref="JobRunnerClientOptions.ResultQueue"/> of that name, by one before it.
    /// </summary>
    /// <param name="requestId">Id of the request.</param>
    /// <param name="jobId">Id of the job.</param>
    /// <param name="cancellationToken">Gives up waiting; the job goes on.</param>
    /// <exception cref="JobRunnerClientException">Results were lost: the broker was away for longer than the queue of this client lives.</exception>
    public Task<JobFinished> WaitForAsync(string requestId, string jobId, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(requestId);
        ArgumentException.ThrowIfNullOrEmpty(jobId);
        RequireResults();
        return _book.WaitAsync(new JobKey(requestId, jobId), 0, sentAt: null, fresh: false, cancellationToken);
    }

    /// <summary>
    /// Stops a job, or every job of a request, wherever it is, and waits until those that a worker holds have stopped. The
    /// stop applies to every command sent before it, also to those that are still queued.
    /// </summary>
    /// <param name="requestId">Id of the request.</param>
    /// <param name="jobId">Id of the job; <see langword="null"/> for all of the request.</param>
    /// <param name="timeout">How long to wait for jobs that take their time; 30 seconds if absent.</param>
    /// <param name="cancellationToken">Gives up waiting; the stop stays in force.</param>
    /// <exception cref="JobRunnerClientException">The broker did not take the stop, or was lost while answers were awaited.</exception>
    public Task<StopAnswer> StopAsync(
        string requestId, string? jobId = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        StopAsync(new StopJob { RequestId = requestId, JobId = jobId }, timeout, cancellationToken: cancellationToken);

    /// <summary>The same for a stop that is written already; without <see cref="StopJob.SentAt"/> it is sent as of now.</summary>
    /// <param name="command">The stop.</param>
    /// <param name="timeout">How long to wait for jobs that take their time; 30 seconds if absent.</param>
    /// <param name="onReply">Told each answer as it comes.</param>
    /// <param name="cancellationToken">Gives up waiting; the stop stays in force.</param>
    /// <exception cref="ArgumentException">The stop names no request.</exception>
    /// <exception cref="JobRunnerClientException">The broker did not take the stop, or was lost while answers were awaited.</exception>
    public async Task<StopAnswer> StopAsync(
        StopJob command, TimeSpan? timeout = null, Action<StopJobReply>? onReply = null, CancellationToken cancellationToken = default)
    {
        var stop = Ready(command);
        var session = await _sessions.GetAsync(cancellationToken);
        return await GuardAsync(
            () => new WorkersTalk(session, _options.Time).StopAsync(stop, timeout ?? PresetStopTimeout, onReply, cancellationToken), cancellationToken);
    }

    /// <summary>Sends a stop and does not wait for what becomes of it; returns once the broker has it safely.</summary>
    /// <param name="command">The stop; without <see cref="StopJob.SentAt"/> it is sent as of now.</param>
    /// <param name="cancellationToken">Gives up; the stop may have been sent.</param>
    /// <exception cref="ArgumentException">The stop names no request.</exception>
    /// <exception cref="JobRunnerClientException">The broker did not take it, or did not say so.</exception>
    public async Task SendStopAsync(StopJob command, CancellationToken cancellationToken = default)
    {
        var stop = Ready(command);
        await SendAsync(Exchanges.StopJob, stop, stop.RequestId, stop.JobId, stop.SentAt!.Value, cancellationToken);
    }

    /// <summary>Closes the connection. Whoever still waits gets an <see cref="ObjectDisposedException"/>; jobs go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _sessions.DisposeAsync();
        _book.Fail(new ObjectDisposedException(nameof(JobRunnerClient)), forGood: true);
    }

    private RunJob Ready(RunJob command)
    {
        RunJobRules.Require(command);
        return command.SentAt is null ? command with { SentAt = _options.Time.GetUtcNow() } : command;
    }

    private StopJob Ready(StopJob command)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentException.ThrowIfNullOrEmpty(command.RequestId, "requestId");
        return command.SentAt is null ? command with { SentAt = _options.Time.GetUtcNow() } : command;
    }

    private void RequireResults()
    {
        if (!_options.ReceivesResults)
        {
            throw new InvalidOperationException($"this client receives no results: {nameof(JobRunnerClientOptions.ReceivesResults)} is false");
        }
    }

    private async Task SendAsync<T>(
        string exchange, T message, string requestId, string? jobId, DateTimeOffset sentAt, CancellationToken cancellationToken)
    {
        var session = await _sessions.GetAsync(cancellationToken);
        await GuardAsync(() => ClientTraces.PublishAsync(exchange, requestId, jobId, async () =>
        {
            await session.PublishAsync(exchange, message, Messages.Properties(sentAt), cancellationToken);
            return true;
        }), cancellationToken);
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (MessageReturnedException error)
        {
            throw new JobRunnerClientException(BrokerFaults.NoWorkerEver, error);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && BrokerFaults.IsBrokers(error))
        {
            throw new JobRunnerClientException(
                $"{_sessions.Describe(error)}; whether the broker has the message is not known", error, mayHaveArrived: true);
        }
    }
}
