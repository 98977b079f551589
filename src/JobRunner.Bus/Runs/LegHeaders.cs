using System.Globalization;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Runs;

/// <summary>What a run that goes on elsewhere carries beside its command; as text, which every transport keeps.</summary>
internal static class LegHeaders
{
    /// <summary>Of a command that is requeued as it came.</summary>
    public static Dictionary<string, object?> For(CommandDelivery delivery, TimeSpan waitLeft)
    {
        var headers = delivery.Leg.Id is null ? [] : For(delivery.Leg, delivery.DueAt ?? DateTimeOffset.UnixEpoch, waitLeft);
        headers[WorkerHeaders.DeliveredBefore] = "yes";
        if (delivery.Failures > 0)
        {
            headers[WorkerHeaders.Failures] = delivery.Failures.ToString(CultureInfo.InvariantCulture);
        }

        return headers;
    }

    /// <param name="leg">The leg.</param>
    /// <param name="dueAt">When it is due; read by workers of the version before, which compare it with their own clock.</param>
    /// <param name="waitLeft">What is left of its wait after its stay in the broker.</param>
    public static Dictionary<string, object?> For(RunLeg leg, DateTimeOffset dueAt, TimeSpan waitLeft = default)
    {
        var headers = new Dictionary<string, object?>
        {
            [WorkerHeaders.Leg] = leg.Id,
            [WorkerHeaders.TriesBefore] = Text(leg.TriesBefore),
            [WorkerHeaders.DueAt] = Text(dueAt.ToUnixTimeMilliseconds()),
            [WorkerHeaders.WaitLeft] = Text(waitLeft > TimeSpan.Zero ? (long)waitLeft.TotalMilliseconds : 0),
        };
        if (leg.RunStartedAt is { } startedAt)
        {
            headers[WorkerHeaders.RunStartedAt] = Text(startedAt.ToUnixTimeMilliseconds());
        }

        if (leg.SeenAt is { } seenAt)
        {
            headers[WorkerHeaders.SeenAt] = Text(seenAt.ToUnixTimeMilliseconds());
        }

        return headers;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
