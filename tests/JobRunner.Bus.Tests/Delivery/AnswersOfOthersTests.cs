using System.Net.Sockets;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.TestKit;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

/// <summary>Nothing but a rule that names it makes a failure permanent, and nothing but the Request Manager's word makes a log delivered.</summary>
public sealed class AnswersOfOthersTests
{
    private const string Page = "<html><body>Welcome to the ingress</body></html>";

    private static readonly (string, string)[] Hasty = [("Report:RedeliverAfter", "50ms,100ms"), ("RequestManager:AttemptDelay", "10ms")];

    public static TheoryData<int, string, bool> Answers => new()
    {
        { 404, Page, false }, { 301, "", false }, { 302, Page, false }, { 308, "", false }, { 405, "Method Not Allowed", false },
        { 413, Page, false }, { 200, Page, false }, { 201, Page, false }, { 201, "{}", false }, { 201, """{"requestId":"other","jobId":"9vKx","try":1}""", false },
        { 204, "", false }, { 502, Page, false }, { 500, "Error 1062: Duplicate entry 'another-key-1' for key 'PRIMARY'", false },
        { 500, "Error 1264: Out of range", false },
        { 500, "Error 1105: vttablet: Code: UNAVAILABLE", true }, { 500, "Error 1105 (HY000): unknown error", true },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_answer_that_is_no_verdict_of_the_Request_Managers_costs_no_log(int status, string body, bool isOwn)
    {
        await using var rm = await StubRequestManager.StartAsync();
        rm.Always = StubAnswer.Of(status, body, "text/html", isOwn ? [("X-Spincycle-Version", "2.1.1")] : []);
        await using var host = await ReportHost.StartAsync(null, [.. Hasty, ("RequestManager:BaseUrl", rm.BaseUrl)]);
        for (var number = 1; number <= 20; number++)
        {
            await host.SendAsync(Log(number));
        }

        await Eventually.HoldsAsync("the worker has heard that answer some times", () => rm.RequestCount >= 4);
        rm.Always = null;

        await Eventually.HoldsAsync(
            () => $"all 20 are stored; {rm.RowCount} are, {host.Errors.Count} are in the error queue", () => rm.RowCount == 20, TimeSpan.FromSeconds(20));
        Assert.Empty(host.Errors);
    }

    public static TheoryData<Exception> Unnamed =>
        [new SocketException(107), new IOException("broken pipe"), new InvalidOperationException("collection was modified"), new TaskCanceledException("a time limit of its own")];

    [Theory]
    [MemberData(nameof(Unnamed))]
    public async Task An_error_that_no_rule_names_is_tried_again(Exception error)
    {
        var store = new ToldStore { Does = (job, call) => job == "odd" && call <= 7 ? error : null };
        await using var host = await ReportHost.StartAsync(store, Hasty);
        await host.SendAsync(Log(jobId: "odd"));
        await host.SendAsync(Log(jobId: "good"));

        await Eventually.HoldsAsync(() => $"both are taken; {host.Errors.Count} are in the error queue", () => store.Taken.Count == 2, TimeSpan.FromSeconds(20));

        Assert.Empty(host.Errors);
        var said = string.Join('\n', host.LogLines.Select(line => line.Message));
        Assert.True(said.Contains(error.GetType().Name, StringComparison.Ordinal), said);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_during_an_outage_delays_nothing()
    {
        var clock = new WrongClock();
        var down = true;
        var store = new ToldStore { Does = (_, _) => down ? new RetryableDeliveryException("away") { StoreIsDown = true } : null };
        await using var host = await ReportHost.StartAsync(store, clock, Hasty);
        await host.SendAsync(Log(jobId: "1"));
        await Eventually.HoldsAsync("the outage is noticed", () => host.LogLines.Any(line => line.Id.Id == 3020));

        clock.Offset = TimeSpan.FromHours(-3);
        down = false;
        await host.SendAsync(Log(jobId: "2"));

        await Eventually.HoldsAsync("both are taken", () => store.Taken.Count == 2, TimeSpan.FromSeconds(15));
    }

    /// <summary>Real time, on a wall clock that can be set.</summary>
    private sealed class WrongClock : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
    }
}
