using System.Globalization;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Runs;

/// <summary>What a run that goes on elsewhere carries beside its command; as text, which every transport keeps.</summary>
internal static class LegHeaders
{
    /// <summary>Of a command that is put back as it came.</summary>
    public static Dictionary<string, object?> For(CommandDelivery delivery)
    {
        var headers = delivery.Leg.Id is null ? [] : For(delivery.Leg, delivery.DueAt ?? DateTimeOffset.UnixEpoch);
        headers[WorkerHeaders.DeliveredBefore] = "yes";
        if (delivery.Failures > 0)
        {
            headers[WorkerHeaders.Failures] = delivery.Failures.ToString(CultureInfo.InvariantCulture);
        }

        return headers;
    }

    public static Dictionary<string, object?> For(RunLeg leg, DateTimeOffset dueAt) => new()
    {
        [WorkerHeaders.Leg] = leg.Id,
        [WorkerHeaders.TriesBefore] = leg.TriesBefore.ToString(CultureInfo.InvariantCulture),
        [WorkerHeaders.DueAt] = dueAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
    };
}
