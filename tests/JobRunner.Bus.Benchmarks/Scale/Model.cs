namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>
/// What a job costs, from two measured points only: one queue with one worker on one broker, and the same on three. All other
/// points check it. Processor time in microseconds.
/// </summary>
internal sealed record Model
{
    /// <summary>In the worker.</summary>
    public required double Worker { get; init; }

    /// <summary>In the broker that leads the queues: taking the command, and handing out log and end.</summary>
    public required double InAndOut { get; init; }

    /// <summary>In the same, while the job runs: handing out the command, taking log and end.</summary>
    public required double Job { get; init; }

    /// <summary>In each further broker, and in the leader for it: a part of <see cref="InAndOut"/>.</summary>
    public required double FollowerInAndOut { get; init; }

    /// <summary>The same for <see cref="Job"/>.</summary>
    public required double FollowerJob { get; init; }

    /// <summary>Cores that one broker keeps busy with nothing to do.</summary>
    public required double Idle { get; init; }

    public static Model Of(IReadOnlyList<Point> points)
    {
        var idle = Statistics.Median([.. points.Select(point => point.Cost.IdleCores / point.Nodes)]);
        var alone = points.First(point => point is { Nodes: 1, Queues: 1, WorkersEach: 1 }).Cost;
        var three = points.First(point => point is { Nodes: 3, Queues: 1, WorkersEach: 1 }).Cost;
        var inAndOut = alone.BrokerSend + alone.BrokerTake;
        var job = Busy(alone, 1);
        return new Model
        {
            Worker = alone.Worker,
            InAndOut = inAndOut,
            Job = job,
            FollowerInAndOut = (three.BrokerSend + three.BrokerTake - inAndOut) / 2,
            FollowerJob = (Busy(three, 3) - job) / 2,
            Idle = idle,
        };

        double Busy(Cost cost, int nodes) => cost.BrokerRun - nodes * idle * 1e6 / cost.JobsPerSecond;
    }

    /// <summary>Brokers, over the life of a job.</summary>
    public double Brokers(int nodes) => InAndOut + Job + (nodes - 1) * (FollowerInAndOut + FollowerJob);

    /// <summary>Workers and brokers while jobs run, with what brokers do anyway.</summary>
    public double Running(int nodes, double jobsPerSecond) => RunningOnly(nodes) + nodes * Idle * 1e6 / jobsPerSecond;

    /// <summary>Jobs per second when nothing but the machine's cores is the limit.</summary>
    public double JobsPerSecond(int nodes, double cores) => (cores - nodes * Idle) * 1e6 / RunningOnly(nodes);

    private double RunningOnly(int nodes) => Worker + Job + (nodes - 1) * FollowerJob;
}
