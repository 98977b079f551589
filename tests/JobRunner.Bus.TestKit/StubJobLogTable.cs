using System.Text;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.TestKit;

/// <summary>The Request Manager's table in memory: takes, pads and refuses what MariaDB in strict mode does.</summary>
internal sealed class StubJobLogTable
{
    private const int MaxPacket = 16 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string RequestId, string JobId, long Try), JobLogRecorded> _rows = [];

    public IReadOnlyList<JobLogRecorded> Rows
    {
        get
        {
            lock (_lock)
            {
                return [.. _rows.Values];
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _rows.Count;
            }
        }
    }

    /// <summary>Stores a log under the request id of the URL.</summary>
    /// <returns>The status, and the error message if it is not 201.</returns>
    public (int Status, string Message) Post(string requestId, ReadOnlySpan<byte> body)
    {
        JobLogRecorded log;
        try
        {
            // An empty body and null leave every field empty, and are stored all the same.
            log = body.IsEmpty || body.SequenceEqual("null"u8) ? new JobLogRecorded() : Wire.Deserialize<JobLogRecorded>(body);
        }
        catch (WireFormatException error)
        {
            return (400, error.Message);
        }

        return log.Try < 0 ? (400, "cannot unmarshal number into field try of type uint") : Insert(log with { RequestId = requestId });
    }

    private (int Status, string Message) Insert(JobLogRecorded log)
    {
        if (log.Try > short.MaxValue)
        {
            return (500, "Error 1264: Out of range value for column 'try' at row 1");
        }

        if (log.StartedAt < 0 || log.FinishedAt < 0)
        {
            return (500, "Error 1264: Out of range value for column 'started_at' at row 1");
        }

        (string Column, string Text, int Limit)[] widths =
        [
            ("request_id", log.RequestId, 20), ("job_id", log.JobId, 4), ("name", log.Name, 100), ("type", log.Type, 75),
            ("error", log.Error, 65_535),
        ];
        foreach (var (column, text, limit) in widths)
        {
            if (Encoding.UTF8.GetByteCount(text) > limit)
            {
                return (500, $"Error 1406: Data too long for column '{column}' at row 1");
            }
        }

        if (Encoding.UTF8.GetByteCount(log.Stdout) > MaxPacket || Encoding.UTF8.GetByteCount(log.Stderr) > MaxPacket)
        {
            return (500, "Error 1105: Parameter of prepared statement which is set through mysql_send_long_data() is longer than 'max_allowed_packet' bytes");
        }

        var row = log with { RequestId = log.RequestId.PadRight(20, '\0'), JobId = log.JobId.PadRight(4, '\0') };
        lock (_lock)
        {
            return _rows.TryAdd((row.RequestId, row.JobId, row.Try), row)
                ? (201, "")
                : (500, $"Error 1062: Duplicate entry '{row.RequestId}-{row.JobId}-{row.Try}' for key 'PRIMARY'");
        }
    }

    /// <summary>The JSON array of a request's logs.</summary>
    public byte[] Get(string requestId) => Wire.Serialize<IReadOnlyList<JobLogRecorded>>(
        [.. Rows.Where(row => row.RequestId == requestId)]);

    /// <summary>The JSON of the highest try of a job; null when there is none.</summary>
    public byte[]? Get(string requestId, string jobId) =>
        Rows.Where(row => row.RequestId == requestId && row.JobId == jobId).MaxBy(row => row.Try) is { } row
            ? Wire.Serialize(row)
            : null;
}
