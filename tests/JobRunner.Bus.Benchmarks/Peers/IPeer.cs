namespace JobRunner.Bus.Benchmarks.Peers;

/// <summary>One of those that are compared.</summary>
internal interface IPeer : IAsyncDisposable
{
    string Name { get; }

    string Version { get; }

    /// <summary>Has it run that many commands, all of them waiting when it begins.</summary>
    /// <returns>Jobs per second.</returns>
    /// <exception cref="InvalidOperationException">A job was lost or repeated.</exception>
    Task<double> RunAsync(string request, int jobs);
}
