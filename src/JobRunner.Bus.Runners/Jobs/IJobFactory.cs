using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>Makes the code object of a job, ready to run: the seed's <c>job.Factory</c> and <c>Job.Deserialize</c> in one.</summary>
public interface IJobFactory
{
    /// <summary>Makes a job of <see cref="Job.Type"/> and lets it read its bytes.</summary>
    /// <exception cref="UnknownJobTypeException">No job of that type is registered.</exception>
    /// <exception cref="Exception">Whatever the job's constructor or <see cref="IJob.Deserialize"/> threw.</exception>
    MadeJob Make(Job job);
}

/// <summary>A job ready to run, and what to dispose of when its run has ended.</summary>
/// <param name="Job">The job.</param>
/// <param name="Scope">Its scope; <see langword="null"/> when it holds nothing.</param>
/// <param name="Limits">The limits of its type; <see langword="null"/> for none.</param>
public readonly record struct MadeJob(IJob Job, IAsyncDisposable? Scope, JobTypeLimits? Limits = null)
{
    /// <summary>Disposes of the job and its services. Never throws: a mistake of theirs is logged, their run has ended all the same.</summary>
    internal async ValueTask DisposeAsync(ILogger logger)
    {
        try
        {
            if (Scope is { } scope)
            {
                await scope.DisposeAsync();
            }
        }
        catch (Exception error)
        {
            Log.JobNotDisposed(logger, error);
        }
    }
}

/// <summary>A job of a type that nobody registered.</summary>
public sealed class UnknownJobTypeException(string type, IEnumerable<string> known)
    : Exception($"unknown job type \"{type}\"; this worker knows {Known(known)}")
{
    private static string Known(IEnumerable<string> types)
    {
        var names = string.Join(", ", types.Order(StringComparer.Ordinal));
        return names.Length == 0 ? "none" : names;
    }
}
