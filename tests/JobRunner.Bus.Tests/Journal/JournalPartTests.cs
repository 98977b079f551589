using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Journal;

/// <summary>What was read of the journal is not read again.</summary>
public sealed class JournalPartTests
{
    private static readonly DateTimeOffset Noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly JournalPart _part = new(Noon, Jobs("a", "b"));

    private static HashSet<RunnerKey> Jobs(params string[] ids) => [.. ids.Select(id => new RunnerKey("r", id))];

    private static void Log(JournalPart part, string job, long number, string stdout = "") => part.Add(
        Names.JobLogRecorded,
        new BasicProperties(),
        Wire.Serialize(new JobLogRecorded { RequestId = "r", JobId = job, Type = "t", Try = number, State = JobState.Fail, Stdout = stdout }));

    private static void Data(JournalPart part, string job, string data) => part.Add(
        "",
        new BasicProperties { Headers = new Dictionary<string, object?> { [WorkerHeaders.JobDataOfTry] = "1" } },
        Wire.Serialize(new JobFinished { RequestId = "r", JobId = job, FinalState = JobState.Running, TotalTries = 1, JobData = new() { ["data"] = data } }));

    private static IEnumerable<string> Outputs(JournalPart part, string job) =>
        part.Of(Jobs(job)).Values.Single().OfType<TryLogged>().Select(logged => logged.Log.Stdout);

    private static IEnumerable<long> Tries(JournalPart part, string job) =>
        part.Of(Jobs(job)).Values.Single().OfType<TryLogged>().Select(logged => logged.Log.Try);

    [Fact]
    public void The_next_reading_goes_on_at_the_mark_and_knows_what_every_job_wrote_before()
    {
        Log(_part, "a", 1);
        Log(_part, "other", 1);
        _part.EndAt("mark", 17L);
        Log(_part, "a", 2);

        var next = _part.GoOn(Jobs("other"));
        Log(next, "other", 2);

        Assert.Equal(17L, next.Begin);
        Assert.True(next.GoesOnAt("mark"));
        Assert.Equal([1, 2], Tries(next, "other"));
        Assert.Equal([1], Tries(next, "a"));
        Assert.Equal([1], Tries(_part, "other"));
        Assert.Empty(next.Of(Jobs("none")).Values.Single());
    }

    [Fact]
    public void Of_the_tries_of_a_job_the_last_one_keeps_its_output()
    {
        Log(_part, "a", 1, "first");
        Log(_part, "other", 1, "other");
        Log(_part, "a", 2, "second");
        _part.EndAt("mark", 17L);

        var next = _part.GoOn(Jobs("a"));
        Log(next, "a", 3, "third");

        Assert.Equal(["", "second"], Outputs(_part, "a"));
        Assert.Equal(["", "", "third"], Outputs(next, "a"));
        Assert.Equal(["other"], Outputs(next, "other"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another")]
    public void A_stream_that_has_something_else_where_the_last_reading_ended_is_another(string? mark)
    {
        Assert.True(_part.GoesOnAt(mark));
        _part.EndAt("mark", 17L);

        Assert.False(_part.GoOn(Jobs("a")).GoesOnAt(mark));
    }

    [Fact]
    public void It_covers_what_came_later_and_not_what_came_before()
    {
        Assert.True(_part.Covers(Noon, Jobs("c")));
        Assert.True(_part.Covers(Noon.AddHours(1), Jobs("c")));
        Assert.False(_part.Covers(Noon.AddSeconds(-1), Jobs("a")));
        Assert.False(_part.Covers(null, Jobs("a")));
        Assert.True(new JournalPart(null, Jobs("a")).Covers(null, Jobs("c")));
        Assert.True(new JournalPart(null, Jobs("a")).Covers(Noon, Jobs("c")));
    }

    [Fact]
    public void One_that_asked_the_broker_for_some_requests_covers_no_other()
    {
        var other = new RunnerKey("other", "a");
        Assert.False(_part.Covers(Noon, new HashSet<RunnerKey> { other }));

        var many = Enumerable.Range(0, 17).Select(number => new RunnerKey($"r{number}", "a")).ToHashSet();
        Assert.True(new JournalPart(Noon, many).Covers(Noon, new HashSet<RunnerKey> { other }));
    }

    [Fact]
    public void What_is_too_much_to_remember_is_known_only_of_those_who_asked()
    {
        var mega = new string('x', 1_000_000);
        Log(_part, "a", 1);
        Log(_part, "other", 1);
        for (var number = 0; number < 70; number++)
        {
            Log(_part, "other", 2 + number, mega);
        }

        Assert.True(_part.HasAll);
        for (var number = 0; number < 70; number++)
        {
            Data(_part, "other", mega);
        }

        Log(_part, "a", 2, "second");
        Log(_part, "a", 3, "third");
        Log(_part, "other", 100);

        Assert.False(_part.HasAll);
        Assert.Equal([1, 2, 3], Tries(_part, "a"));
        Assert.Equal(["", "", "third"], Outputs(_part, "a"));
        Assert.Empty(_part.Of(Jobs("other")).Values.Single());
    }
}
