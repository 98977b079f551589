using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Cli.Tests;

public sealed class MoveCommandTests : IDisposable
{
    private const string Move = "move --broker amqp://localhost --to amqp://next-broker";

    private readonly CliHarness _cli = new();

    public MoveCommandTests()
    {
        foreach (var queue in (string[])[Names.RunJob, Names.JobLogRecorded, Names.ErrorQueue(Names.RunJob), "results"])
        {
            _cli.Other.Queues[queue] = [];
        }
    }

    private List<OutgoingMessage> Sent => _cli.Other.Sent;

    public void Dispose() => _cli.Dispose();

    private static TakenMessage Message(string body, bool wasDelivered = false, params (string Name, object? Value)[] headers) =>
        new(wasDelivered, Properties(headers), Encoding.UTF8.GetBytes(body));

    private static BasicProperties Properties(params (string Name, object? Value)[] headers) => new()
    {
        ContentType = "application/json",
        MessageId = "m1",
        UserId = "somebody",
        Headers = headers.ToDictionary(header => header.Name, header => header.Value),
    };

    private static string Text(ReadOnlyMemory<byte> body) => Encoding.UTF8.GetString(body.Span);

    [Fact]
    public async Task Streams_go_before_queues_and_a_message_keeps_what_is_said_in_it()
    {
        _cli.Repair.AddToJournal(Names.JobLogRecorded, new JobLogRecorded { RequestId = "r1", JobId = "aaaa", Try = 1 }, ("x-stream-offset", "7"), ("traceparent", "t"));
        _cli.Repair.Queues["results"] = [Message("result")];
        _cli.Repair.Queues[Names.RunJob] = [Message("command", headers: [("x-death", "much"), ("own", "kept")])];

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync($"{Move} --queue results"));

        Assert.Equal([Names.JobJournal, Names.RunJob, "results"], Sent.Select(sent => sent.RoutingKey));
        Assert.All(Sent, sent => Assert.Equal("", sent.Exchange));
        Assert.Equal(["jobrunner-published-to", "traceparent"], Sent[0].Properties.Headers!.Keys.Order());
        Assert.Equal(Names.JobLogRecorded, Sent[0].Properties.Headers!["jobrunner-published-to"]);
        Assert.Equal(("command", "m1", false), (Text(Sent[1].Body), Sent[1].Properties.MessageId, Sent[1].Properties.IsUserIdPresent()));
        Assert.Equal(["own"], Sent[1].Properties.Headers!.Keys);
        Assert.Empty(_cli.Repair.Queues[Names.RunJob]);
        Assert.Equal(
            "job-journal: 1 messages moved\nstop-job: 0 messages moved\nrun-job: 1 messages moved\nresults: 1 messages moved\n", _cli.Output.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task A_command_that_was_delivered_before_says_so_and_one_that_waited_goes_by_the_time_it_is_due()
    {
        _cli.Repair.Queues[Names.RunJob] = [Message("a", wasDelivered: true), Message("b", headers: ("x-delivery-count", 2L)), Message("c", headers: ("x-delivery-count", 0L))];
        _cli.Repair.Queues["run-job.wait.1m30s"] = [Message("d", headers: [("jobrunner-wait-left", "0"), ("jobrunner-due-at", "99")])];
        _cli.Repair.Queues["run-job.wait.336h"] = [Message("e")];
        _cli.Repair.Queues["job-log-recorded.delay.2m"] = [Message("f", wasDelivered: true)];

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync(Move));

        Assert.Equal(["d ", "e ", "f ", "a yes", "b yes", "c "], Sent.Select(sent => $"{Text(sent.Body)} {(sent.Properties.Headers!.TryGetValue("jobrunner-delivered-before", out var before) ? before : "")}"));
        Assert.Equal(["jobrunner-due-at"], Sent[0].Properties.Headers!.Keys);
        Assert.Equal(
            [Names.RunJob, Names.RunJob, Names.JobLogRecorded, Names.RunJob, Names.RunJob, Names.RunJob], Sent.Select(sent => sent.RoutingKey));
    }

    [Theory]
    [InlineData("run-job.wait.30s", Names.RunJob, "run-job.wait.30s")]
    [InlineData("chain-due.wait.30s", "chain-due", "chain-due.wait.30s")]
    [InlineData("job-log-recorded.delay.2m", Names.JobLogRecorded, "job-log-recorded.delay.2m")]
    [InlineData("run-job.wait.30s", Names.RunJob, "results")] // after its queue was emptied
    public async Task What_becomes_due_while_all_is_moved_is_moved_too(string wait, string due, string whenTaken)
    {
        _cli.Repair.Queues[due] = [Message("was there")];
        _cli.Other.Queues[due] = [];
        _cli.Repair.Queues["results"] = [Message("result")];
        List<TakenMessage> waits = [Message("waits")];
        _cli.Repair.Queues[wait] = [.. waits];
        _cli.Repair.OnTake = queue =>
        {
            _cli.Repair.Queues[wait].Clear();
            if (queue == whenTaken)
            {
                _cli.Repair.Queues[due].AddRange(waits);
                waits.Clear();
            }
        };

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync($"{Move} --queue results --json"));

        Assert.Equal(
            [("result", "results"), ("waits", due), ("was there", due)], Sent.Select(sent => (Text(sent.Body), sent.RoutingKey)).Order());
        Assert.All(_cli.Repair.Queues.Values, Assert.Empty);
        Assert.Equal(2, (int)JsonNode.Parse(_cli.Output)!["queues"]![due]!);
    }

    [Fact]
    public async Task The_same_broker_by_another_name_gets_nothing()
    {
        _cli.Repair.Alias = _cli.Other;
        _cli.Repair.Queues[Names.RunJob] = [Message("command")];

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync(Move));

        Assert.Contains("are the same broker and virtual host", _cli.Error, StringComparison.Ordinal);
        Assert.Empty(Sent);
        Assert.Single(_cli.Repair.Queues[Names.RunJob]);
    }

    [Fact]
    public async Task Stops_that_say_no_time_get_the_one_when_they_were_seen_and_marks_stay_behind()
    {
        void Stop(string body, params (string Name, object? Value)[] headers) =>
            _cli.Repair.Stops.Add(new StreamMessage(Names.StopJob, Properties(headers), Encoding.UTF8.GetBytes(body)));
        Stop("""{"requestId":"seen","note":"own"}""", ("x-stream-offset", 7L));
        Stop("""{"requestId":"unseen"}""", ("x-stream-offset", 8L));
        Stop("{}", ("x-stream-offset", 9L), ("jobrunner-caught-up", "mark"));
        Stop("""{"requestId":"seen","sentAt":"2026-01-02T12:00:00Z"}""", ("x-stream-offset", 10L), ("jobrunner-first-seen", "7"));
        Stop("""{"requestId":"seen","sentAt":"2026-01-02T13:00:00Z"}""", ("x-stream-offset", 11L), ("jobrunner-first-seen", "7"));
        Stop("no JSON", ("x-stream-offset", 12L), ("jobrunner-first-seen", "8"));
        Stop("no JSON", ("x-stream-offset", 13L));
        _cli.Repair.Journal.Add(new StreamMessage("", Properties(("jobrunner-caught-up", "mark")), "{}"u8.ToArray()));

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync(Move));

        Assert.Equal(["seen", "unseen", "no JSON"], Sent.Select(sent => Text(sent.Body)).Select(body => body.StartsWith('{') ? (string)JsonNode.Parse(body)!["requestId"]! : body));
        Assert.Equal(("2026-01-02T12:00:00", "own"), (((string)JsonNode.Parse(Sent[0].Body.Span)!["sentAt"]!)[..19], (string)JsonNode.Parse(Sent[0].Body.Span)!["note"]!));
        Assert.Null(JsonNode.Parse(Sent[1].Body.Span)!["sentAt"]);
        Assert.All(Sent, sent => Assert.Equal((Names.StopJob, 0), (sent.RoutingKey, sent.Properties.Headers!.Count)));
    }

    [Theory]
    [InlineData(Names.RunJob, "run-job at localhost:5672 is still read by 2")]
    [InlineData(Names.StopJob, "stop-job at localhost:5672 is still read by 1")]
    public async Task Nothing_is_moved_while_somebody_reads(string queue, string error)
    {
        _cli.Repair.Queues[Names.RunJob] = [Message("command")];
        _cli.Repair.Read = queue;

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync(Move));

        Assert.Contains(error, _cli.Error, StringComparison.Ordinal);
        Assert.Empty(Sent);
    }

    [Fact]
    public async Task Nothing_is_moved_to_a_broker_that_has_no_queue_for_it()
    {
        _cli.Repair.Queues[Names.RunJob] = [Message("command")];
        _cli.Repair.Queues["more"] = [Message("result")];

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync($"{Move} --queue more"));

        Assert.Contains("more is not there at localhost:5672: import the definitions", _cli.Error, StringComparison.Ordinal);
        Assert.Empty(Sent);
    }

    [Fact]
    public async Task A_dry_run_only_counts()
    {
        _cli.Repair.Queues[Names.RunJob] = [Message("command"), Message("command")];

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync($"{Move} --dry-run"));

        Assert.Equal("job-journal: 0 messages\nstop-job: 0 messages\nrun-job: 2 messages\n", _cli.Output.ReplaceLineEndings("\n"));
        Assert.Empty(Sent);
    }

    [Theory]
    [InlineData(2, new[] { Names.JobJournal })]
    [InlineData(4, new[] { Names.JobJournal, Names.StopJob })]
    public async Task What_the_other_broker_has_not_confirmed_stays_where_it_was(int breakAt, string[] over)
    {
        _cli.Repair.AddToJournal(Names.JobFinished, new JobFinished { RequestId = "r1", JobId = "aaaa" });
        _cli.Repair.Queues[Names.RunJob] = [Message("a"), Message("b"), Message("c"), Message("d")];
        _cli.Other.BreakAtSend = breakAt;

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync($"{Move} --json"));

        var told = JsonNode.Parse(_cli.Output)!;
        Assert.False((bool)told["complete"]!);
        Assert.Equal(over.Append(Names.StopJob).Distinct().Order(), told["queues"]!.AsObject().Select(queue => queue.Key).Order());
        Assert.Equal(5 - (breakAt - 1), _cli.Repair.Queues[Names.RunJob].Count);
        Assert.Contains("the connection to the broker was lost", _cli.Error, StringComparison.Ordinal);
    }
}
