using JobRunner.Bus.Chains;
using JobRunner.Bus.Cli.Files;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>A chain that this process runs. Changed by one thread only.</summary>
internal sealed class TrackedChain
{
    private readonly IReadOnlyList<ChainJob> _before;

    /// <summary>A chain that has not started.</summary>
    /// <param name="request">The jobs and their order.</param>
    /// <param name="highestTries">Job id → highest try number logged before, so that no try number repeats.</param>
    public TrackedChain(JobRequest request, IReadOnlyDictionary<string, long>? highestTries = null)
    {
        Now = ChainState.New(request.Plan, highestTries);
        _before = Now.Jobs;
    }

    /// <summary>How the chain stands.</summary>
    public ChainState Now { get; private set; }

    /// <summary>Id of the request.</summary>
    public string RequestId => Now.RequestId;

    /// <summary>How the jobs stand, each after those it follows.</summary>
    public IReadOnlyList<ChainJob> Jobs => Now.Jobs;

    /// <summary>The job with this id, or none.</summary>
    public Job? Find(string jobId) => Now.Plan.Find(jobId) is { } place ? Now.Plan.JobAt(place) : null;

    /// <summary>How many tries of each job this process has heard the end of, in the order of the jobs.</summary>
    public IEnumerable<(Job Job, ChainJob Now, long Tries)> Runs() =>
        Jobs.Select((job, place) => (Now.Plan.JobAt(place), job, job.TotalTries - _before[place].TotalTries));

    /// <summary>Goes on to the state that a step has led to.</summary>
    /// <returns>What is to be done.</returns>
    public IReadOnlyList<ChainEffect> Take(ChainStep step)
    {
        Now = step.State;
        return step.Effects;
    }
}
