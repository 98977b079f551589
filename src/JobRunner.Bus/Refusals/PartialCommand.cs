using JobRunner.Bus.Serialization;

namespace JobRunner.Bus.Refusals;

/// <summary>What can still be read of a command that could not be understood: whose it is.</summary>
/// <param name="RequestId">Its request; empty if it is not known.</param>
/// <param name="JobId">Its job; empty if it is not known.</param>
/// <param name="PrevTries">Its counter; 0 where there is none.</param>
/// <param name="TotalTries">Its counter; 0 where there is none.</param>
internal sealed record PartialCommand(string RequestId, string JobId, long PrevTries, long TotalTries)
{
    /// <summary>Whether request and job are known.</summary>
    public bool NamesJob => RequestId.Length > 0 && JobId.Length > 0;

    /// <summary>Reads a command out of its envelope, if it has one.</summary>
    public static PartialCommand Read(byte[] body, bool isEnvelope) => Read((isEnvelope ? WireEnvelope.Open(body) : body).Span);

    public static PartialCommand Read(ReadOnlySpan<byte> json)
    {
        var found = PartialJson.Read(json, "requestId", "job.id", "prevTries", "totalTries");
        return new PartialCommand(found.Text("requestId"), found.Text("job.id"), Counter("prevTries"), Counter("totalTries"));

        long Counter(string name) => found.Number(name) is > 0 and var count ? count : 0;
    }

    /// <summary>Whose command it is, for people.</summary>
    public override string ToString() => NamesJob
        ? $"Command of request {Reasons.Bounded(RequestId)}, job {Reasons.Bounded(JobId)}"
        : RequestId.Length > 0 ? $"A command of request {Reasons.Bounded(RequestId)} that names no job" : "A message that names no request and job";
}
