namespace JobRunner.Bus.Runners;

/// <summary>What a runner is known by. Job ids are unique within a request only, so both parts are needed.</summary>
/// <param name="RequestId">Id of the request.</param>
/// <param name="JobId">Id of the job.</param>
public readonly record struct RunnerKey(string RequestId, string JobId)
{
    /// <summary>Both ids, for logs.</summary>
    public override string ToString() => $"{RequestId}/{JobId}";
}
