using JobRunner.Bus.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>Makes jobs of the types registered with <see cref="JobTypes.AddJob{TJob}"/>.</summary>
public sealed class JobFactory : IJobFactory
{
    private readonly IServiceScopeFactory _scopes;
    private readonly Dictionary<string, ObjectFactory> _makers;

    /// <summary>A factory for the given types.</summary>
    public JobFactory(IServiceScopeFactory scopes, IEnumerable<JobType> types)
    {
        ArgumentNullException.ThrowIfNull(types);
        _scopes = scopes;
        _makers = types.ToDictionary(
            type => type.Type,
            type => ActivatorUtilities.CreateFactory(type.Implementation, []),
            StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public MadeJob Make(Job job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!_makers.TryGetValue(job.Type, out var make))
        {
            throw new UnknownJobTypeException(job.Type, _makers.Keys);
        }

        var scope = _scopes.CreateAsyncScope();
        try
        {
            var made = (IJob)make(scope.ServiceProvider, null);
            made.Deserialize(job.Bytes);
            return new MadeJob(made, new JobScope(made, scope));
        }
        catch
        {
            // Not the synchronous Dispose: it throws for a service that has DisposeAsync only, and would hide the reason.
            _ = scope.DisposeAsync().AsTask();
            throw;
        }
    }

    /// <summary>The job itself is made outside the scope's container, so it is disposed of here.</summary>
    private sealed class JobScope(IJob job, AsyncServiceScope scope) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            switch (job)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }

            await scope.DisposeAsync();
        }
    }
}
