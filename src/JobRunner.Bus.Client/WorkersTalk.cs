using System.Runtime.InteropServices;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Client;

/// <summary>Questions to every worker, over one session.</summary>
internal sealed class WorkersTalk(Session session, TimeProvider time)
{
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestAsk = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(5);

    /// <summary>Asks every worker what it holds, until the answers cease.</summary>
    /// <returns><see langword="null"/> if no worker listens now.</returns>
    public async Task<WorkersReport?> AskAsync(GetRunnerStatus request, CancellationToken cancellationToken)
    {
        Question<StatusAnswer> question;
        try
        {
            question = await AskAllAsync(request, cancellationToken);
        }
        catch (MessageReturnedException)
        {
            return null;
        }

        await using (question)
        {
            List<StatusAnswer> heard = [];
            var start = time.GetTimestamp();
            while (await question.NextAsync(Wait(), cancellationToken) is { } answer)
            {
                heard.Add(answer);
            }

            return new WorkersReport([.. heard.SelectMany(answer => answer.Runners)], [.. heard.Select(answer => answer.Worker).OfType<WorkerStatus>()]);

            TimeSpan Wait()
            {
                var left = LongestAsk - time.GetElapsedTime(start);
                return heard.Count == 0 || left < QuietPeriod ? left : QuietPeriod;
            }
        }
    }

    /// <summary>Asks every worker, and hands over the answer of each as soon as it is whole.</summary>
    /// <param name="request">What to ask for; each worker's answer must end with a summary.</param>
    /// <param name="listenFor">How long to ask and listen at least; for longer only while an answer that has begun is not whole.</param>
    /// <param name="onWorker">Told one whole answer after another.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether any worker listens now.</returns>
    public async Task<bool> HearAsync(
        GetRunnerStatus request, TimeSpan listenFor, Action<WorkerStatus, IReadOnlyList<RunnerStatus>> onWorker, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        Question<StatusAnswer> question;
        try
        {
            question = await AskAllAsync(request, cancellationToken);
        }
        catch (MessageReturnedException)
        {
            return false;
        }

        await using (question)
        {
            Dictionary<string, List<RunnerStatus>> begun = [];
            while (await question.NextAsync(Left(), cancellationToken) is { } answer)
            {
                if (answer.Worker is { } summary)
                {
                    begun.Remove(summary.Worker, out var runners);
                    onWorker(summary, runners ?? []);
                }

                foreach (var runner in answer.Runners)
                {
                    (CollectionsMarshal.GetValueRefOrAddDefault(begun, runner.Worker, out _) ??= []).Add(runner);
                }
            }

            return true;

            TimeSpan Left() => (begun.Count > 0 ? LongestAnswer : listenFor) - time.GetElapsedTime(start);
        }
    }

    private Task<Question<StatusAnswer>> AskAllAsync(GetRunnerStatus request, CancellationToken cancellationToken) => Question<StatusAnswer>.AskAsync(
        session, Exchanges.GetRunnerStatus, "", request with { Together = true }, StatusAnswer.Read, time.GetUtcNow(), time, cancellationToken);

    /// <summary>Tells one worker to drain, and hears how far it is.</summary>
    /// <returns><see langword="null"/> if no worker of that name that runs jobs is connected now.</returns>
    /// <exception cref="TimeoutException">It has the message, and does not answer.</exception>
    public async Task<WorkerStatus?> DrainAsync(string worker, DrainWorker command, CancellationToken cancellationToken)
    {
        try
        {
            await using var question = await Question<WorkerStatus>.AskAsync(
                session, Exchanges.DrainWorker, worker, command, reply => Wire.Deserialize<WorkerStatus>(reply.Body.Span), time.GetUtcNow(), time, cancellationToken);
            return await question.NextAsync(LongestAnswer, cancellationToken)
                ?? throw new TimeoutException($"worker {worker} does not answer; it drains as soon as it reads what was sent");
        }
        catch (MessageReturnedException)
        {
            return null;
        }
    }

    /// <summary>Sends a stop and waits for the answer of every worker that holds a job it names.</summary>
    public async Task<StopAnswer> StopAsync(StopJob stop, TimeSpan timeout, Action<StopJobReply>? onReply, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        await using var replies = await ClientTraces.PublishAsync(Exchanges.StopJob, stop.RequestId, stop.JobId, () => Question<StopJobReply>.AskAsync(
            session, Exchanges.StopJob, "", stop, reply => Wire.Deserialize<StopJobReply>(reply.Body.Span), stop.SentAt!.Value, time, cancellationToken));

        // A runner stays with its worker until its job has stopped: who is still there will answer.
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = AskAsync(new GetRunnerStatus { RequestId = stop.RequestId, JobId = stop.JobId }, answered.Token);
        List<StopJobReply> answers = [];
        if (stop.JobId is not null && await FirstAsync(replies, asking, cancellationToken) is { } first)
        {
            // One worker held it, and has said what became of it.
            await answered.CancelAsync();
            await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            onReply?.Invoke(first);
            return new StopAnswer([first], []);
        }

        var held = (await asking)?.Runners ?? [];
        var unanswered = held.GroupBy(status => status.JobId).ToDictionary(same => same.Key, same => same.Last());
        while (true)
        {
            var left = unanswered.Count > 0 ? timeout - time.GetElapsedTime(start) : QuietPeriod;
            if (await replies.NextAsync(left, cancellationToken) is not { } reply)
            {
                return new StopAnswer(answers, [.. unanswered.Values]);
            }

            unanswered.Remove(reply.JobId);
            answers.Add(reply);
            onReply?.Invoke(reply);
            if (stop.JobId is not null)
            {
                return new StopAnswer(answers, []);
            }
        }
    }

    /// <summary>The first answer, if it comes before it is known who holds the job.</summary>
    private static async Task<StopJobReply?> FirstAsync(Question<StopJobReply> replies, Task asking, CancellationToken cancellationToken)
    {
        using var known = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = replies.NextAsync(LongestAsk + QuietPeriod, known.Token);
        if (await Task.WhenAny(first, asking) == first)
        {
            return await first;
        }

        await known.CancelAsync();
        await ((Task)first).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return first.IsCompletedSuccessfully ? await first : null;
    }
}
