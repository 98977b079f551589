using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Operations;

/// <summary>What became of a stop.</summary>
/// <param name="Stop">The stop.</param>
/// <param name="Answers">Of workers that held what it names.</param>
/// <param name="Unanswered">What was held, but has not answered.</param>
/// <param name="Chain">The request's chain, where one is known.</param>
/// <param name="IsChainLeft">Whether the chain could not be stopped.</param>
internal sealed record StopOutcome(
    StopJob Stop, IReadOnlyList<StopJobReply> Answers, IReadOnlyList<RunnerStatus> Unanswered, ChainStatus? Chain, bool IsChainLeft)
{
    /// <summary>Whether all that was to stop has said so.</summary>
    public bool IsWhole => Unanswered.Count == 0 && !IsChainLeft;

    /// <summary>An answer in a line.</summary>
    public static string Line(StopJobReply reply)
    {
        var error = reply.Error is { } text ? $", error: {Say.Short(text)}" : "";
        return $"{Say.OneLine(reply.JobId)} {Say.OneLine(reply.Outcome)}: {reply.FinalState.ToSeedName()} on {Say.OneLine(reply.Worker)}{error}";
    }

    /// <summary>What else there is to say than the answers.</summary>
    /// <param name="timeout">For how long they were waited for.</param>
    public IEnumerable<string> Rest(TimeSpan timeout)
    {
        foreach (var status in Unanswered)
        {
            yield return $"{Say.Job(status.Name, status.JobId)} has not stopped after {Say.Length(timeout)} on {Say.OneLine(status.Worker)}; the stop stays in force";
        }

        if (Chain is not null)
        {
            yield return $"Chain {Say.OneLine(Chain.RequestId)} {(Chain.EndedAt is null ? "is being stopped" : $"is {Chain.State.ToSeedName()}")}: "
                + $"{Chain.FinishedJobs} of {Chain.TotalJobs} jobs COMPLETE";
        }

        if (IsWhole && Answers.Count == 0 && Chain is null)
        {
            yield return $"No worker holds {(Stop.JobId is null ? "a job of this request" : "this job")} now. The stop is recorded: commands sent before it will not run.";
        }
    }
}
