using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Client;

/// <summary>What the workers told of themselves.</summary>
/// <param name="Runners">What runs and waits.</param>
/// <param name="Workers">How busy each is; older workers do not tell.</param>
public sealed record WorkersReport(IReadOnlyList<RunnerStatus> Runners, IReadOnlyList<WorkerStatus> Workers);
