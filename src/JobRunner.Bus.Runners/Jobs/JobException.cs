namespace JobRunner.Bus.Runners.Jobs;

/// <summary>
/// A problem before or after the work itself, in the job's own words: the seed's error returned by <c>Job.Run</c>. Its
/// message is logged as it is and takes precedence over the error inside <see cref="Result"/>.
/// </summary>
/// <param name="message">What went wrong, for the people who read the job log.</param>
/// <param name="result">What is known of the try, for instance its output; without it the try is FAIL, exit 1.</param>
/// <param name="innerException">What caused it.</param>
public sealed class JobException(string message, JobResult? result = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>What is known of the try besides the message.</summary>
    public JobResult? Result { get; } = result;
}
