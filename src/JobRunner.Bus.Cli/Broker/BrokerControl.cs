using System.Threading.Channels;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>Talks to every worker over one broker connection, by request and reply.</summary>
internal sealed class BrokerControl(BrokerConnection connection, TimeProvider time, bool ownsConnection = true) : IBrokerControl
{
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestAsk = TimeSpan.FromSeconds(2);

    /// <summary>Connects.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used, or no worker has ever connected to it.</exception>
    public static async Task<IBrokerControl> OpenAsync(BrokerAddress address, TimeProvider time, CancellationToken cancellation)
    {
        var connection = await BrokerConnection.OpenAsync(address, "jobrunner", cancellation);
        try
        {
            await connection.RequireExchangesAsync([Names.StopJob, Names.GetRunnerStatus], cancellation);
            return new BrokerControl(connection, time);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task<WorkersAnswer?> AskStatusAsync(GetRunnerStatus request, CancellationToken cancellation)
    {
        var correlationId = Guid.NewGuid().ToString();
        await using var answers = await ListenAsync<object>(correlationId, ReadStatus, cancellation);
        if (!await SendAsync(Names.GetRunnerStatus, request, answers.Queue, correlationId, cancellation))
        {
            return null;
        }

        List<object> heard = [];
        var start = time.GetTimestamp();
        while (await NextAsync(answers.Items, Wait(), cancellation) is { } answer)
        {
            heard.Add(answer);
        }

        return new WorkersAnswer([.. heard.OfType<RunnerStatus>()], [.. heard.OfType<WorkerStatus>()]);

        TimeSpan Wait()
        {
            var left = LongestAsk - time.GetElapsedTime(start);
            return heard.Count == 0 || left < QuietPeriod ? left : QuietPeriod;
        }
    }

    public async Task<IReadOnlyList<RunnerStatus>> StopAsync(
        StopJob command,
        TimeSpan timeout,
        Action<StopJobReply> onReply,
        CancellationToken cancellation)
    {
        var correlationId = Guid.NewGuid().ToString();
        await using var replies = await ListenAsync(correlationId, delivery => Messages.TryRead<StopJobReply>(delivery.Body.Span), cancellation);
        if (!await SendAsync(Names.StopJob, command, replies.Queue, correlationId, cancellation))
        {
            throw new SchedulerBusException(BrokerErrors.NoWorkerEver);
        }

        // A runner stays with its worker until its job has stopped: who is still there will answer.
        var start = time.GetTimestamp();
        var asked = await AskStatusAsync(new GetRunnerStatus { RequestId = command.RequestId, JobId = command.JobId }, cancellation);
        var held = asked?.Runners ?? [];
        var unanswered = held.GroupBy(status => status.JobId).ToDictionary(same => same.Key, same => same.Last());
        while (true)
        {
            var left = unanswered.Count > 0 ? timeout - time.GetElapsedTime(start) : QuietPeriod;
            if (await NextAsync(replies.Items, left, cancellation) is not { } reply)
            {
                return [.. unanswered.Values];
            }

            unanswered.Remove(reply.JobId);
            onReply(reply);
        }
    }

    public ValueTask DisposeAsync() => ownsConnection ? connection.DisposeAsync() : ValueTask.CompletedTask;

    private static object? ReadStatus(BasicDeliverEventArgs delivery) => delivery.BasicProperties.Type == nameof(WorkerStatus)
        ? Messages.TryRead<WorkerStatus>(delivery.Body.Span)
        : Messages.TryRead<RunnerStatus>(delivery.Body.Span);

    private Task<BrokerInbox<T>> ListenAsync<T>(string correlationId, Func<BasicDeliverEventArgs, T?> read, CancellationToken cancellation)
        where T : class =>
        connection.ListenAsync(
            [],
            delivery => delivery.BasicProperties.CorrelationId is { Length: > 0 } other && other != correlationId
                ? null
                : read(delivery),
            cancellation);

    private Task<bool> SendAsync<T>(string exchange, T message, string replyTo, string correlationId, CancellationToken cancellation)
        where T : class =>
        connection.PublishAsync(exchange, message, replyTo, correlationId, time.GetUtcNow(), cancellation);

    private async Task<T?> NextAsync<T>(ChannelReader<T> answers, TimeSpan wait, CancellationToken cancellation)
        where T : class
    {
        if (answers.TryRead(out var ready))
        {
            return ready;
        }

        if (wait <= TimeSpan.Zero)
        {
            return null;
        }

        using var timeout = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await answers.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (ChannelClosedException error)
        {
            throw error.InnerException as SchedulerBusException
                ?? new SchedulerBusException("the connection to the broker was lost", error);
        }
    }
}
