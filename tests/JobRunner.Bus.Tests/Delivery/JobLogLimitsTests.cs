using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class JobLogLimitsTests
{
    private const int MaxStreamBytes = 1024;

    [Fact]
    public void A_log_at_every_limit_is_kept_as_it_is()
    {
        var log = Log(32767) with
        {
            Name = new string('é', 50),
            Type = new string('t', 75),
            Error = new string('e', 65_535),
            Stdout = new string('o', MaxStreamBytes),
            Stderr = new string('\0', MaxStreamBytes),
            StartedAt = 0,
            FinishedAt = long.MaxValue,
        };

        Assert.Equal(log, Fit(log, out var cuts));
        Assert.Equal("", cuts);
    }

    [Fact]
    public void What_is_too_long_is_cut_with_a_marker()
    {
        var fitted = Fit(
            Log() with
            {
                Name = new string('n', 101),
                Type = new string('t', 76),
                Error = new string('é', 40_000),
                Stdout = "head" + new string('漢', 1000) + "tail",
                Stderr = new string('x', MaxStreamBytes + 1),
            },
            out var cuts);

        Assert.Equal("name, type, error, stdout, stderr", cuts);
        Assert.InRange(Bytes(fitted.Name), 95, 100);
        Assert.InRange(Bytes(fitted.Type), 70, 75);
        Assert.InRange(Bytes(fitted.Error), 65_530, 65_535);
        Assert.InRange(Bytes(fitted.Stdout), 1015, 1024);
        Assert.Matches("^n+…\\[cut [0-9]+ bytes\\]$", fitted.Name);
        Assert.Matches("^head漢+\n…\\[cut [0-9]+ bytes\\]…\n漢+tail$", fitted.Stdout);
        Assert.Contains("…[cut ", fitted.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_no_text_never_breaks_delivery_and_NUL_stays()
    {
        var fitted = Fit(Log() with { Error = "a\ud800\0b", Stdout = "\0", Stderr = "\udfff" }, out var cuts);

        Assert.Equal(("a\ufffd\0b", "\0", "\ufffd", ""), (fitted.Error, fitted.Stdout, fitted.Stderr, cuts));
    }

    [Theory]
    [InlineData("c0ffee0000000000abc", JobId, "requestId \"c0ffee0000000000abc\" has 19 bytes; it must have exactly 20")]
    [InlineData("c0ffee0000000000abcde", JobId, "requestId \"c0ffee0000000000abcde\" has 21 bytes")]
    [InlineData("", JobId, "requestId is empty")]
    [InlineData(RequestId, "abc", "jobId \"abc\" has 3 bytes; it must have exactly 4 (JobRunner__RequestManager__StrictIds=false allows any)")]
    [InlineData(RequestId, "é123", "jobId \"é123\" has 5 bytes")]
    [InlineData(RequestId, "", "jobId is empty")]
    public void Ids_that_would_be_stored_under_another_id_are_refused(string requestId, string jobId, string reason) =>
        Assert.Contains(reason, Refusal(Log(1, requestId, jobId)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(-1, 0, 0, "try is -1; it must be from 0 to 32767")]
    [InlineData(32768, 0, 0, "try is 32768")]
    [InlineData(1, -1, 0, "startedAt is -1")]
    [InlineData(1, 0, -2, "finishedAt is -2")]
    public void Numbers_the_columns_do_not_hold_are_refused(long @try, long startedAt, long finishedAt, string reason)
    {
        var log = Log(@try) with { StartedAt = startedAt, FinishedAt = finishedAt };

        var refusal = Refusal(log);

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Null(refusal.Status);
        Assert.Contains(reason, Refusal(log, strictIds: false).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_reason_is_told_at_once()
    {
        var refusal = Refusal(Log(-1, "r", "j"));

        Assert.All(["requestId", "jobId", "try"], field => Assert.Contains($"{field} ", refusal.Message.Split(": ", 2)[1], StringComparison.Ordinal));
    }

    [Fact]
    public void Other_Request_Managers_may_have_wider_ids_but_no_empty_ones()
    {
        var log = Log(1, "an-id-of-another-length/é", "job-1");

        Assert.Equal(log, JobLogLimits.Fit(log, MaxStreamBytes, strictIds: false, out _));
        Assert.Contains("jobId is empty", Refusal(log with { JobId = "" }, strictIds: false).Message, StringComparison.Ordinal);
        Assert.Contains("cannot stand in a URL", Refusal(log with { RequestId = ".." }, strictIds: false).Message, StringComparison.Ordinal);
    }

    private static JobLogRecorded Fit(JobLogRecorded log, out string cuts) =>
        JobLogLimits.Fit(log, MaxStreamBytes, strictIds: true, out cuts);

    private static PermanentDeliveryException Refusal(JobLogRecorded log, bool strictIds = true) =>
        Assert.Throws<PermanentDeliveryException>(() => JobLogLimits.Fit(log, MaxStreamBytes, strictIds, out _));

    private static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);
}
