using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Chains.Service;

/// <summary>What the chain service has on the broker. Interfaces to schedulers and operators: none may change.</summary>
public static class ChainNames
{
    /// <summary>Exchange and quorum queue of chains to run.</summary>
    public const string RunChain = Exchanges.RunChain;

    /// <summary>Exchange and quorum queue of suspended chains to go on with.</summary>
    public const string ResumeChain = Exchanges.ResumeChain;

    /// <summary>Exchange and quorum queue of stops.</summary>
    public const string StopChain = Exchanges.StopChain;

    /// <summary>Exchange of ended chains; whoever wants them binds a queue of their own.</summary>
    public const string ChainFinished = Exchanges.ChainFinished;

    /// <summary>Exchange of questions; every instance binds a queue of its own.</summary>
    public const string GetChains = Exchanges.GetChains;

    /// <summary>Quorum queue of the ends that the Request Manager is to be told; there only where there is one.</summary>
    public const string Report = $"{ChainFinished}.report";

    /// <summary>Quorum queue of the ends of jobs, bound to <c>job-finished</c>.</summary>
    public const string JobFinished = Names.ChainJobFinished;

    /// <summary>Quorum queue of waits that are over.</summary>
    public const string Due = Names.ChainDue;

    /// <summary>The queue where a wait of this length lies: it dead-letters back to <see cref="Due"/>.</summary>
    internal static string WaitQueue(string wait) => $"{Due}.wait.{wait}";

    /// <summary>The queue where ends wait that long for their redelivery.</summary>
    internal static string DelayQueue(string delay) => $"{Report}.delay.{delay}";
}
