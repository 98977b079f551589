namespace JobRunner.Bus.Operations.Repair;

/// <summary>Which job logs are stored: at the Request Manager, or in the local store.</summary>
internal interface IStoredTries : IAsyncDisposable
{
    /// <summary>Where that is, for messages.</summary>
    string Where { get; }

    /// <summary>The tries of a request that it holds.</summary>
    /// <exception cref="CommandException">It cannot be asked.</exception>
    Task<IReadOnlySet<(string JobId, long Try)>> OfAsync(string requestId, CancellationToken cancellation);
}
