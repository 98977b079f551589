using System.Security.Cryptography;
using JobRunner.Bus.Contracts;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Client;

/// <summary>
/// A scheduler's side of the contract: sends jobs to whatever worker is free, stops them, waits for their results. One
/// client serves all of a process; its methods may be called at once from any thread.
/// </summary>
/// <remarks>
/// The queue of results is bound before anything is sent, and outlives a lost connection, so that no result is missed. The
/// client reconnects by itself; what waits meanwhile goes on waiting.
/// </remarks>
public sealed class JobRunnerClient : IAsyncDisposable
{
    private const int MostUnclaimed = 10_000;
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestAsk = TimeSpan.FromSeconds(2);
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
    public static async Task<JobRunnerClient> ConnectAsync(
        Uri broker, JobRunnerClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(broker);
        options ??= new JobRunnerClientOptions();
        options.Validate();
        if (!broker.IsAbsoluteUri || broker.Scheme is not ("amqp" or "amqps"))
        {
            // Not repeated: it may hold a password.
            throw new ArgumentException("the address must look like amqp://user:password@host:5672/vhost (amqps:// for TLS)", nameof(broker));
        }

        var factory = new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false, ClientProvidedName = options.ClientName };
        options.ConfigureConnection?.Invoke(factory);
        // Our own: it knows what becomes of results and commands meanwhile.
        factory.AutomaticRecoveryEnabled = false;
        var book = new ResultBook(options.KeepUnclaimed, MostUnclaimed, options.Time);
        return new JobRunnerClient(options, book, await SessionKeeper.StartAsync(factory, options, book, cancellationToken));
    }

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
        var session = await _sessions.GetAsync(cancellationToken);
        await SendAsync(session, Exchanges.RunJob, ready, ready.SentAt!.Value, cancellationToken);
    }

    /// <summary>Sends a job and waits for its result. Cancelling gives up waiting; it does not stop the job.</summary>
    /// <exception cref="ArgumentException">The command breaks the contract; every rule broken is told.</exception>
    /// <exception cref="JobRunnerClientException">The broker did not take it, or results were lost meanwhile.</exception>
    public async Task<JobFinished> RunAsync(RunJob command, CancellationToken cancellationToken = default)
    {
        var ready = Ready(command);
        using var notSent = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var result = _book.WaitAsync(new JobKey(ready.RequestId, ready.Job.Id), ready.TotalTries, fresh: true, notSent.Token);
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
        return _book.WaitAsync(new JobKey(requestId, jobId), 0, fresh: false, cancellationToken);
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
    public async Task<StopAnswer> StopAsync(
        string requestId, string? jobId = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(requestId);
        var sentAt = _options.Time.GetUtcNow();
        var stop = new StopJob { RequestId = requestId, JobId = jobId, SentAt = sentAt };
        var start = _options.Time.GetTimestamp();
        var session = await _sessions.GetAsync(cancellationToken);
        return await GuardAsync(async () =>
        {
            await using var replies = await Question<StopJobReply>.AskAsync(
                session, Exchanges.StopJob, stop, reply => Wire.Deserialize<StopJobReply>(reply.Body.Span), sentAt, _options.Time, cancellationToken);

            // A runner stays with its worker until its job has stopped: who is still there will answer.
            var held = await AskStatusAsync(session, new GetRunnerStatus { RequestId = requestId, JobId = jobId }, cancellationToken);
            var unanswered = held.GroupBy(status => status.JobId).ToDictionary(same => same.Key, same => same.Last());
            List<StopJobReply> answers = [];
            while (true)
            {
                var left = unanswered.Count > 0 ? (timeout ?? PresetStopTimeout) - _options.Time.GetElapsedTime(start) : QuietPeriod;
                if (await replies.NextAsync(left, cancellationToken) is not { } reply)
                {
                    return new StopAnswer(answers, [.. unanswered.Values]);
                }

                unanswered.Remove(reply.JobId);
                answers.Add(reply);
            }
        }, cancellationToken);
    }

    /// <summary>Asks every worker what it holds. Takes half a second after the first answer, at most two.</summary>
    /// <param name="requestId">Only this request's jobs; <see langword="null"/> for all.</param>
    /// <param name="jobId">Only this job of the request; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JobRunnerClientException">The broker could not be asked.</exception>
    public async Task<IReadOnlyList<RunnerStatus>> StatusAsync(
        string? requestId = null, string? jobId = null, CancellationToken cancellationToken = default)
    {
        var session = await _sessions.GetAsync(cancellationToken);
        return await GuardAsync(
            () => AskStatusAsync(session, new GetRunnerStatus { RequestId = requestId, JobId = jobId, Summary = true }, cancellationToken), cancellationToken);
    }

    /// <summary>Closes the connection. Whoever still waits gets an <see cref="ObjectDisposedException"/>; jobs go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _sessions.DisposeAsync();
        _book.Fail(new ObjectDisposedException(nameof(JobRunnerClient)), forGood: true);
    }

    private RunJob Ready(RunJob command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var wrong = RunJobRules.Check(command);
        return wrong.Count > 0
            ? throw new ArgumentException(string.Join("; ", wrong), nameof(command))
            : command.SentAt is null ? command with { SentAt = _options.Time.GetUtcNow() } : command;
    }

    private async Task SendAsync<T>(Session session, string exchange, T message, DateTimeOffset sentAt, CancellationToken cancellationToken)
    {
        await GuardAsync(async () =>
        {
            await session.PublishAsync(exchange, message, Messages.Properties(sentAt), cancellationToken);
            return true;
        }, cancellationToken);
    }

    private async Task<IReadOnlyList<RunnerStatus>> AskStatusAsync(Session session, GetRunnerStatus request, CancellationToken cancellationToken)
    {
        Question<StatusAnswer> question;
        try
        {
            question = await Question<StatusAnswer>.AskAsync(
                session, Exchanges.GetRunnerStatus, request, StatusAnswer.Read, _options.Time.GetUtcNow(), _options.Time, cancellationToken);
        }
        catch (PublishException error) when (error.IsReturn)
        {
            // No worker runs now.
            return [];
        }

        await using (question)
        {
            List<RunnerStatus> statuses = [];
            var heard = false;
            var start = _options.Time.GetTimestamp();
            while (await question.NextAsync(Wait(), cancellationToken) is { } answer)
            {
                heard = true;
                if (answer.Runner is { } status)
                {
                    statuses.Add(status);
                }
            }

            return statuses;

            TimeSpan Wait()
            {
                var left = LongestAsk - _options.Time.GetElapsedTime(start);
                return !heard || left < QuietPeriod ? left : QuietPeriod;
            }
        }
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (PublishException error) when (error.IsReturn)
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
