namespace JobRunner.Bus.Delivery;

/// <summary>How a job log came to be delivered.</summary>
public enum DeliveryOutcome
{
    /// <summary>The store took it.</summary>
    Stored,

    /// <summary>The store had a log with this requestId, jobId and try already, and kept it.</summary>
    AlreadyThere,
}
