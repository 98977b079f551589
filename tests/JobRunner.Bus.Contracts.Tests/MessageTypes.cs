namespace JobRunner.Bus.Contracts.Tests;

internal static class MessageTypes
{
    public static IReadOnlyList<Type> All { get; } =
    [
        typeof(Job), typeof(JobChain), typeof(RunJob), typeof(StopJob), typeof(StopJobReply), typeof(JobLogRecorded),
        typeof(JobFinished), typeof(GetRunnerStatus), typeof(RunnerStatus), typeof(WorkerStatus), typeof(RunnerStatuses), typeof(DrainWorker),
        typeof(SuspendedJobChain), typeof(StopChain), typeof(ChainFinished), typeof(GetChains), typeof(ChainsReport),
    ];
}
