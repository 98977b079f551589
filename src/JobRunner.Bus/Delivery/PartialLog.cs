using JobRunner.Bus.Serialization;

namespace JobRunner.Bus.Delivery;

/// <summary>Whose a job log is, as far as its body can be read.</summary>
/// <param name="RequestId">Its request; empty if it is not known.</param>
/// <param name="JobId">Its job; empty if it is not known.</param>
/// <param name="Try">Its try, if it is known.</param>
/// <param name="FinishedAt">When the try ended, Unix nanoseconds; 0 if it is not told, or never started.</param>
internal readonly record struct PartialLog(string RequestId, string JobId, long? Try, long FinishedAt)
{
    public static PartialLog Read(ReadOnlySpan<byte> body)
    {
        var found = PartialJson.Read(body, "requestId", "jobId", "try", "finishedAt");
        return new PartialLog(found.Text("requestId"), found.Text("jobId"), found.Number("try"), found.Number("finishedAt") ?? 0);
    }
}
