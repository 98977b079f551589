using System.Globalization;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>The tables of docs/performance.md, as they stand there.</summary>
internal static class Tables
{
    /// <summary>How far a core may be used before what waits for it gets long.</summary>
    public const double Use = 0.7;

    // What a worker reads of the journal per second when it looks up a command after a crash (docs/operations.md).
    private const double LookUpPerSecond = 40_000;

    private const double EntriesPerJob = 2;

    // A publish or delivery beside its body, from the frames of RabbitMQ.Client with the properties that are used.
    private const int FrameBytes = 150;

    public static void Points(IReadOnlyList<Point> points) => Print(
        "Jobs per second, and CPU seconds per million jobs",
        "brokers | queues | workers for each | jobs/s | workers | brokers: commands in + jobs + logs and ends out | sender | all | cores busy | by others",
        points.Select(point => Invariant(
            $"{point.Nodes} | {point.Queues} | {point.WorkersEach} | {point.Cost.JobsPerSecond:#,0} | {point.Cost.Worker:f0} | {point.Cost.BrokerSend:f0} + {point.Cost.BrokerRun:f0} + {point.Cost.BrokerTake:f0} | {point.Cost.Sender:f0} | {point.Cost.All:f0} | {point.Cost.Cores:f2} | {point.Cost.OtherCores:f2}")));

    public static void Occupied(Occupancy alone, Occupancy leader) => Print(
        Invariant($"Processes in the broker that can have one core each (one worker; {alone.JobsPerSecond:#,0} jobs/s on one broker, {leader.JobsPerSecond:#,0} on three)"),
        "process | one for each | µs per job, one broker | at most, jobs/s | µs per job, leader of three | at most, jobs/s",
        Occupancy.Processes.Select(process => Invariant(
            $"{process.Value.What} | {process.Value.OnePer} | {alone.PerJob[process.Key]:f1} | {AtMost(alone.PerJob[process.Key])} | {leader.PerJob[process.Key]:f1} | {AtMost(leader.PerJob[process.Key])}")));

    public static void Syncs(Occupancy alone, Occupancy leader) => Console.WriteLine(Invariant(
        $"One write to the disk took {alone.SyncMs:f1} ms and held the messages of {alone.JobsPerSync:f0} jobs on one broker, {leader.SyncMs:f1} ms and {leader.JobsPerSync:f0} on the leader of three."));

    public static void Predicted(Model model, IReadOnlyList<Point> points) => Print(
        Invariant($"Model: a job takes {model.Worker:f0} µs in a worker, {model.Job:f0} + {model.InAndOut:f0} µs in a broker (jobs + commands in, logs and ends out), {model.FollowerJob:f0} + {model.FollowerInAndOut:f0} µs for each follower; a broker takes {model.Idle * 100:f0}% of a core anyway"),
        "brokers | queues | workers for each | µs per job: model | measured | error | jobs/s: model | measured | error",
        points.Select(point =>
        {
            var jobs = model.JobsPerSecond(point.Nodes, Environment.ProcessorCount - point.Cost.OtherCores);
            var cost = model.Running(point.Nodes, jobs);
            return Invariant(
                $"{point.Nodes} | {point.Queues} | {point.WorkersEach} | {cost:f0} | {point.Cost.Running:f0} | {Error(cost, point.Cost.Running)} | {jobs:#,0} | {point.Cost.JobsPerSecond:#,0} | {Error(jobs, point.Cost.JobsPerSecond)}");
        }));

    public static void Million(Model model, Occupancy alone, Occupancy leader, Sizes sizes)
    {
        // What there is one of in a virtual host and is the first at its limit.
        double[] hosts = [.. new[] { alone, leader }.Select(one => new[] { "osiris_writer", "run_job", "logs" }.Max(name => one.PerJob[name]))];
        double[] network = [Network(0), Network(2)];
        Print(
            "One million jobs a second",
            "needed | each message on one broker | on three",
            [
                Invariant($"cores for workers | {model.Worker:f0} | {model.Worker:f0}"),
                Invariant($"cores for brokers | {model.Brokers(1):f0} | {model.Brokers(3):f0}"),
                Invariant($"cores for sending commands and taking logs and ends | {sizes.Sender:f0} | {sizes.Sender:f0}"),
                Invariant($"worker processes, at {Use * 100:f0}% of a channel's core | {Count(alone.PerJob["rabbit_channel"])} | {Count(leader.PerJob["rabbit_channel"])}"),
                Invariant($"virtual hosts, at {Use * 100:f0}% of the core of its busiest queue or stream | {Count(hosts[0])} | {Count(hosts[1])}"),
                Invariant($"virtual hosts, if a look-up in the journal is to take no longer than the command is old | {EntriesPerJob * 1e6 / LookUpPerSecond:f0} | {EntriesPerJob * 1e6 / LookUpPerSecond:f0}"),
                Invariant($"brokers, at {Use * 100:f0}% of what a write-ahead log and its disk take | {Count(alone.PerJob[Occupancy.FullLog])} | {Count(3 * leader.PerJob[Occupancy.FullLog])}"),
                Invariant($"disk, all brokers, GB/s | {sizes.DiskAlone / 1e3:f1} | {sizes.DiskThree / 1e3:f1}"),
                Invariant($"network out of brokers, Gbit/s | {network[0]:f0} | {network[1]:f0}"),
            ]);

        // Command to a worker, log and end to their readers; to each follower those, and log and end once more for the journal.
        double Network(int followers) =>
            (sizes.Command + sizes.LogAndEnd + 3 * FrameBytes + followers * (sizes.Command + 2 * sizes.LogAndEnd)) * 8 / 1e3;
    }

    public static void Large(IReadOnlyList<LargeRow> rows) => Print(
        Invariant($"Messages of {LargeMessages.Bytes / 1_000_000} MB, {LargeMessages.Slots} at once, one broker"),
        "large | side | jobs/s | MB/s | CPU ms per job: process | broker | MB on disk per job | most memory, MB | of the broker, MB",
        rows.Select(row => Invariant(
            $"{row.Case} | {row.Side} | {row.Cost.JobsPerSecond:f0} | {row.Cost.JobsPerSecond * LargeMessages.Bytes / 1e6:f0} | {row.Cost.Worker / 1e3:f1} | {row.Cost.Broker / 1e3:f1} | {row.Cost.DiskBytes / 1e6:f1} | {row.PeakMb:f0} | {row.BrokerPeakMb:f0}")));

    private static string AtMost(double microseconds) => microseconds > 0.05 ? (1e6 / microseconds).ToString("#,0", CultureInfo.InvariantCulture) : "not seen";

    private static string Count(double microseconds) => Math.Ceiling(microseconds / Use).ToString("f0", CultureInfo.InvariantCulture);

    private static string Error(double predicted, double measured) => Math.Round((predicted - measured) / measured * 100).ToString("+0;-0;0", CultureInfo.InvariantCulture) + "%";

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static void Print(string title, string header, IEnumerable<string> rows)
    {
        Console.WriteLine($"\n{title}\n\n| {header} |\n|{string.Concat(header.Split('|').Select(_ => " --- |"))}");
        foreach (var row in rows)
        {
            Console.WriteLine($"| {row} |");
        }
    }
}
