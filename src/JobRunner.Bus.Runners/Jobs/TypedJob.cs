using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>
/// A job whose bytes are the JSON of a type, best a record: <c>record CountLines(string Path, int AtMost = 1000)</c>. Bytes that do not
/// fit fail the job without a try, and say which field is wrong and what is expected. All else is as with <see cref="IJob"/>.
/// </summary>
/// <typeparam name="TPayload">What the job is given: see <see cref="Payload"/> for its JSON.</typeparam>
public interface IJob<TPayload> : IJob
{
    /// <summary>
    /// Checks what JSON cannot say, such as a range. Called once, before the first try. Throw, with a message for the scheduler, when the
    /// payload makes no sense: the job then fails without a try.
    /// </summary>
    /// <param name="payload">What the job is given.</param>
    void Check(TPayload payload)
    {
    }

    /// <summary>Runs one try and returns how it ended: see <see cref="IJob.RunAsync"/>.</summary>
    /// <param name="payload">What the job is given, read anew for each try.</param>
    /// <param name="context">Who the job is, the data handed on, and where to report status.</param>
    /// <param name="stopToken">Fires when the job is to stop.</param>
    Task<JobResult> RunAsync(TPayload payload, JobRunContext context, CancellationToken stopToken);

    void IJob.Deserialize(ReadOnlySpan<byte> bytes)
    {
        TPayload payload;
        try
        {
            payload = Payload.Read<TPayload>(bytes);
        }
        catch (FormatException error)
        {
            throw new FormatException($"the bytes of the job do not fit: {error.Message}", error);
        }

        Check(payload);
    }

    Task<JobResult> IJob.RunAsync(JobRunContext context, CancellationToken stopToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return RunAsync(Payload.Read<TPayload>(context.Job.Bytes), context, stopToken);
    }
}
