namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>What a job cost in one run; processor time in microseconds.</summary>
internal sealed record Cost
{
    /// <summary>From the first command taken to the last end at the scheduler.</summary>
    public required double JobsPerSecond { get; init; }

    /// <summary>Workers.</summary>
    public required double Worker { get; init; }

    /// <summary>All brokers, for taking the command.</summary>
    public required double BrokerSend { get; init; }

    /// <summary>All brokers, from handing the command out to having its log and its end.</summary>
    public required double BrokerRun { get; init; }

    /// <summary>All brokers, for handing out log and end.</summary>
    public required double BrokerTake { get; init; }

    /// <summary>This process, which sends the commands and takes logs and ends.</summary>
    public required double Sender { get; init; }

    /// <summary>Cores that brokers, workers and the counting of ends kept busy while jobs ran.</summary>
    public required double Cores { get; init; }

    /// <summary>Cores that somebody else kept busy meanwhile.</summary>
    public required double OtherCores { get; init; }

    /// <summary>What all brokers gave to the disk; bytes.</summary>
    public required double DiskBytes { get; init; }

    /// <summary>Bodies of log and end; bytes.</summary>
    public required double Published { get; init; }

    /// <summary>Cores that the brokers kept busy with nothing to do, just before.</summary>
    public required double IdleCores { get; init; }

    public double Broker => BrokerSend + BrokerRun + BrokerTake;

    /// <summary>Workers and brokers while jobs ran: what limits the jobs per second.</summary>
    public double Running => Worker + BrokerRun;

    /// <summary>Everybody. The same number is the CPU seconds of a million jobs.</summary>
    public double All => Worker + Broker + Sender;

    public static Cost Of(int jobs, double published, Used idle, Used sending, Used running, Used taking)
    {
        return new Cost
        {
            JobsPerSecond = jobs / running.Took.TotalSeconds,
            Worker = Each(running.Workers),
            BrokerSend = Each(sending.Brokers),
            BrokerRun = Each(running.Brokers),
            BrokerTake = Each(taking.Brokers),
            Sender = Each(sending.Sender + taking.Sender),
            Cores = running.Cores,
            OtherCores = running.OtherCores,
            DiskBytes = (double)(sending.Written + running.Written + taking.Written) / jobs,
            Published = published,
            IdleCores = idle.Brokers / idle.Took,
        };

        double Each(TimeSpan used) => used.TotalMicroseconds / jobs;
    }

    /// <summary>The median of each figure.</summary>
    public static Cost Median(IReadOnlyList<Cost> runs)
    {
        return new Cost
        {
            JobsPerSecond = Middle(run => run.JobsPerSecond),
            Worker = Middle(run => run.Worker),
            BrokerSend = Middle(run => run.BrokerSend),
            BrokerRun = Middle(run => run.BrokerRun),
            BrokerTake = Middle(run => run.BrokerTake),
            Sender = Middle(run => run.Sender),
            Cores = Middle(run => run.Cores),
            OtherCores = Middle(run => run.OtherCores),
            DiskBytes = Middle(run => run.DiskBytes),
            Published = Middle(run => run.Published),
            IdleCores = Middle(run => run.IdleCores),
        };

        double Middle(Func<Cost, double> figure) => Statistics.Median([.. runs.Select(figure)]);
    }
}
