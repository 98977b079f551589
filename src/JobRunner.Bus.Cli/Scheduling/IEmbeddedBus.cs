namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>A bus and its worker inside this process.</summary>
internal interface IEmbeddedBus : ISchedulerBus
{
    /// <summary>Serves the dashboard of this process, to this machine only, until the bus is disposed of.</summary>
    /// <param name="chains">What runs on the bus, or is about to.</param>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <returns>Its address, without a slash at the end.</returns>
    /// <exception cref="CommandException">The port cannot be opened.</exception>
    Task<string> ServeDashboardAsync(IReadOnlyList<TrackedChain> chains, int port);
}
