using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;

namespace JobRunner.Bus.Delivery;

/// <summary>How a job log is named in messages to people.</summary>
internal static class JobLogName
{
    public static string Of(JobLogRecorded log) =>
        $"request \"{Short(log.RequestId)}\", job \"{Short(log.JobId)}\", try {log.Try}";

    // Ids come from outside: a huge one must not make a huge message.
    private static string Short(string id) => Utf8Cut.Tail(id, 100);
}
