using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Topology;

/// <summary>
/// What a role that another library adds needs on the broker: declared, watched and counted beside what every worker needs, by workers
/// that have the role.
/// </summary>
/// <param name="Role">The role.</param>
/// <param name="Exchanges">Its exchanges.</param>
/// <param name="Queues">Its queues whose names are known before they are needed.</param>
/// <param name="Read">Those of them that it reads.</param>
/// <param name="Later">Names of queues that it makes later, by the name they would have for a part that can be anything, and what each is bound to.</param>
internal sealed record RoleTopology(
    WorkerRoles Role,
    IReadOnlyList<ExchangePart> Exchanges,
    IReadOnlyList<QueuePart> Queues,
    IReadOnlyList<string> Read,
    Func<string, IReadOnlyList<(string Queue, string? Exchange)>> Later);
