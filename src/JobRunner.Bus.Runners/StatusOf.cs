using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>How a run that is asked for is told.</summary>
internal static class StatusOf
{
    /// <summary>The status of a run, wherever it is.</summary>
    /// <param name="command">Its command.</param>
    /// <param name="startedAt">When its runner was first made, in Unix nanoseconds.</param>
    /// <param name="state">Its state.</param>
    /// <param name="status">What its job said last.</param>
    /// <param name="tryNumber">The try that runs, or is next.</param>
    /// <param name="sleeping">Whether it waits for its next try.</param>
    public static RunnerStatus Run(RunJob command, long startedAt, JobState state, string? status, long tryNumber, bool sleeping) => new()
    {
        RequestId = command.RequestId,
        JobId = command.Job.Id,
        Type = command.Job.Type,
        Name = command.Job.Name,
        StartedAt = startedAt,
        State = state,
        Status = sleeping ? "(retry sleep) " + status : status,
        Try = tryNumber,
        Sleeping = sleeping,
    };
}
