namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>
/// What a job costs, from two measured points only: one queue with one worker on one broker, and the same on three. All other
/// points check it.
/// </summary>
/// <param name="Worker">Microseconds of a core in the worker.</param>
/// <param name="Broker">In the broker that leads the queues, from taking the command to handing out log and end.</param>
/// <param name="BrokerRun">The part of it while jobs run.</param>
/// <param name="Follower">In each further broker, and in the leader for it.</param>
/// <param name="FollowerRun">The part of it while jobs run.</param>
internal sealed record Model(double Worker, double Broker, double BrokerRun, double Follower, double FollowerRun)
{
    public static Model Of(IReadOnlyList<Point> points)
    {
        var alone = points.First(point => point is { Nodes: 1, Queues: 1, WorkersEach: 1 }).Cost;
        var three = points.First(point => point is { Nodes: 3, Queues: 1, WorkersEach: 1 }).Cost;
        return new Model(
            alone.Worker, alone.Broker, alone.BrokerRun, (three.Broker - alone.Broker) / 2, (three.BrokerRun - alone.BrokerRun) / 2);
    }

    /// <summary>Workers and brokers, while jobs run.</summary>
    public double Running(int nodes) => Worker + BrokerRun + (nodes - 1) * FollowerRun;

    /// <summary>Brokers, over the life of a job.</summary>
    public double Brokers(int nodes) => Broker + (nodes - 1) * Follower;

    /// <summary>Jobs per second when nothing but the machine's cores is the limit.</summary>
    public double JobsPerSecond(int nodes, double cores) => cores * 1e6 / Running(nodes);
}
