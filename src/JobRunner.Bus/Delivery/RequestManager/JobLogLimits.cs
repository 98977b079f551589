using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>
/// What the Request Manager's table can hold. It truncates nothing: what is too long for it is cut here, and what it
/// would store wrongly or refuse for good is refused here.
/// </summary>
internal static class JobLogLimits
{
    public const int NameBytes = 100;
    public const int TypeBytes = 75;
    public const int ErrorBytes = 65_535;
    public const int RequestIdBytes = 20;
    public const int JobIdBytes = 4;

    /// <summary>The job log as the Request Manager can hold it, without fields unknown to it.</summary>
    /// <param name="log">The job log.</param>
    /// <param name="maxStreamBytes">Most UTF-8 bytes of standard output, and of standard error.</param>
    /// <param name="strictIds">Whether ids must have exactly the width of the Request Manager's columns.</param>
    /// <param name="cuts">What was cut, such as "name, stdout"; empty when nothing was.</param>
    /// <exception cref="PermanentDeliveryException">No Request Manager could keep this log; every reason is told.</exception>
    public static JobLogRecorded Fit(JobLogRecorded log, int maxStreamBytes, bool strictIds, out string cuts)
    {
        Refuse(log, strictIds);

        List<string> cutFields = [];
        var fitted = log with
        {
            Name = Fitted("name", log.Name, text => Utf8Cut.Tail(text, NameBytes)),
            Type = Fitted("type", log.Type, text => Utf8Cut.Tail(text, TypeBytes)),
            Error = Fitted("error", log.Error, text => Utf8Cut.Tail(text, ErrorBytes)),
            Stdout = Fitted("stdout", log.Stdout, text => Utf8Cut.Middle(text, maxStreamBytes)),
            Stderr = Fitted("stderr", log.Stderr, text => Utf8Cut.Middle(text, maxStreamBytes)),
            // The Request Manager knows twelve fields; anything else is not its business.
            Unknown = null,
        };
        cuts = string.Join(", ", cutFields);
        return fitted;

        string Fitted(string field, string text, Func<string, string> cut)
        {
            var valid = Utf8Cut.Valid(text);
            var fit = cut(valid);
            if (!ReferenceEquals(fit, valid))
            {
                cutFields.Add(field);
            }

            return fit;
        }
    }

    private static void Refuse(JobLogRecorded log, bool strictIds)
    {
        List<string> wrong = [];
        CheckId("requestId", log.RequestId, RequestIdBytes);
        CheckId("jobId", log.JobId, JobIdBytes);
        if (!strictIds && log.RequestId is "." or "..")
        {
            wrong.Add($"requestId \"{log.RequestId}\" cannot stand in a URL");
        }

        if (log.Try is < 0 or > RunJobRules.MaxTry)
        {
            wrong.Add($"try is {log.Try}; it must be from 0 to {RunJobRules.MaxTry}");
        }

        CheckTime("startedAt", log.StartedAt);
        CheckTime("finishedAt", log.FinishedAt);
        if (wrong.Count > 0)
        {
            throw new PermanentDeliveryException(
                $"the job log of {JobLogName.Of(log)} cannot be kept by the Request Manager: {string.Join("; ", wrong)}");
        }

        void CheckId(string field, string id, int width)
        {
            var bytes = Encoding.UTF8.GetByteCount(id);
            if (bytes == 0)
            {
                wrong.Add($"{field} is empty");
            }
            else if (strictIds && bytes != width)
            {
                wrong.Add($"{field} \"{Utf8Cut.Tail(id, 100)}\" has {bytes} bytes; it must have exactly {width} "
                    + $"({RequestManagerOptions.SettingPrefix}{nameof(RequestManagerOptions.StrictIds)}=false allows any)");
            }
        }

        void CheckTime(string field, long nanoseconds)
        {
            if (nanoseconds < 0)
            {
                wrong.Add($"{field} is {nanoseconds}; it must be 0 or more nanoseconds since 1970");
            }
        }
    }
}
