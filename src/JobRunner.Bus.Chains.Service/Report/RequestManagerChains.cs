using System.Text.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Chains.Service.Report;

/// <summary>Tells a Request Manager what its Job Runner told it of chains, each in one attempt.</summary>
internal sealed class RequestManagerChains(RequestManagerClient client, ILogger<RequestManagerChains> logger)
{
    /// <summary>Tells how many jobs are COMPLETE.</summary>
    /// <exception cref="Exception">It was not taken.</exception>
    public async Task ProgressAsync(string requestId, int finishedJobs, CancellationToken cancellationToken)
    {
        var what = $"the progress of request {requestId}";
        var reply = await client.CallAsync(
            HttpMethod.Put, Path(requestId, "/progress"), Body(new JsonObject { ["requestId"] = requestId, ["finishedJobs"] = finishedJobs }), what, cancellationToken);
        if (!reply.HasVersion || reply.Status is not (200 or 404))
        {
            throw client.Refused(reply, what);
        }
    }

    /// <summary>Tells the end of a chain. Returns when the Request Manager has it, whoever told it, and when it has no such request.</summary>
    /// <exception cref="PermanentDeliveryException">It will never take it.</exception>
    /// <exception cref="RetryableDeliveryException">Not taken now: it is away, or has not written yet that the request runs.</exception>
    public async Task FinishAsync(ChainFinished end, CancellationToken cancellationToken)
    {
        var what = $"the end of request {end.RequestId}";
        var reply = await client.CallAsync(
            HttpMethod.Put,
            Path(end.RequestId, "/finish"),
            Body(new JsonObject
            {
                ["requestId"] = end.RequestId,
                ["state"] = (byte)end.State,
                ["finishedAt"] = end.FinishedAt?.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", System.Globalization.CultureInfo.InvariantCulture),
                ["finishedJobs"] = end.FinishedJobs,
            }),
            what,
            cancellationToken);
        if (reply is { HasVersion: true, Status: 200 })
        {
            return;
        }

        if (reply is { HasVersion: true, Status: 404 } && !AnswerWords.Of(reply.Body).Equals("Not Found", StringComparison.OrdinalIgnoreCase))
        {
            ChainsLog.UnknownThere(logger, end.RequestId);
            return;
        }

        var state = reply is { HasVersion: true, Status: 500 } ? await StateAsync(end.RequestId, cancellationToken) : JobState.Unknown;
        if (state is JobState.Complete or JobState.Fail or JobState.Stopped)
        {
            // Told before, and the answer was lost; or it gave the request up.
            ChainsLog.EndedThere(logger, end.RequestId, state.ToSeedName());
            return;
        }

        throw client.Refused(reply, what);
    }

    private async Task<JobState> StateAsync(string requestId, CancellationToken cancellationToken)
    {
        var reply = await client.CallAsync(HttpMethod.Get, Path(requestId, ""), [], $"the question for request {requestId}", cancellationToken);
        try
        {
            return reply is { HasVersion: true, Status: 200 }
                && JsonNode.Parse(reply.Body) is JsonObject request && request["state"] is JsonValue value && value.TryGetValue(out byte state)
                ? (JobState)state
                : JobState.Unknown;
        }
        catch (JsonException)
        {
            return JobState.Unknown;
        }
    }

    private static string Path(string requestId, string rest) => $"requests/{Uri.EscapeDataString(requestId)}{rest}";

    private static byte[] Body(JsonObject body) => JsonSerializer.SerializeToUtf8Bytes(body);
}
