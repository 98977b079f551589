using System.Globalization;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Accept.Wait;

/// <summary>What a run that goes on elsewhere carries beside its command; as text, which every transport keeps.</summary>
internal static class LegHeaders
{
    public static Dictionary<string, object?> For(RunLeg leg, DateTimeOffset dueAt) => new()
    {
        [WorkerHeaders.Leg] = leg.Id,
        [WorkerHeaders.TriesBefore] = leg.TriesBefore.ToString(CultureInfo.InvariantCulture),
        [WorkerHeaders.DueAt] = dueAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
    };
}
