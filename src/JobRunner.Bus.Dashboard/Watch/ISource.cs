namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>
/// Where the pages have from what they show: a broker and its workers, or the very process. It also feeds the <see cref="PictureBook"/>
/// about once a second. Safe for use by any thread.
/// </summary>
internal interface ISource
{
    /// <summary>A page shows runs, and will say so again within a few seconds for as long as it does.</summary>
    void WantRuns();

    /// <summary>How chains stand.</summary>
    /// <param name="requestId">Only the chain of this request, with its jobs; <see langword="null"/> for a list.</param>
    /// <param name="left">The page was left.</param>
    Task<ChainsFound> ChainsAsync(string? requestId, CancellationToken left);

    /// <summary>The job logs of a request.</summary>
    /// <param name="requestId">The request.</param>
    /// <param name="left">The page was left.</param>
    Task<LogsFound> LogsAsync(string requestId, CancellationToken left);

    /// <summary>Whether a look into the error queues would have to wait for somebody.</summary>
    bool ErrorsAreTaken { get; }

    /// <summary>What the error queues hold.</summary>
    Task<ErrorsFound> ErrorsAsync(CancellationToken left);

    /// <summary>How the broker itself is.</summary>
    Task<BrokerFound> BrokerAsync(CancellationToken left);
}
