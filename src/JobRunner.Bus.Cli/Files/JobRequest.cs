using JobRunner.Bus.Chains;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Files;

/// <summary>What one file asks for: jobs of one request, and which follow which. Checked: no cycle, no unknown job.</summary>
/// <param name="Source">Name of the file, for messages.</param>
/// <param name="RequestId">Id of the request.</param>
/// <param name="Commands">One command per job, in an order in which each job comes after those it follows.</param>
/// <param name="Next">Job id → ids of the jobs that follow it; only jobs that have any.</param>
internal sealed record JobRequest(
    string Source,
    string RequestId,
    IReadOnlyList<RunJob> Commands,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Next)
{
    /// <summary>The same as a plan.</summary>
    public ChainPlan Plan { get; } = new(RequestId, Commands, Next);

    /// <summary>The chain as it is handed over; none of a file that holds a single RunJob.</summary>
    public JobChain? Chain { get; init; }

    /// <summary>Whether the file gave the id of the request; otherwise it is a fresh one.</summary>
    public bool HasOwnId { get; init; }
}
