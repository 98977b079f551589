using JobRunner.Bus.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>Makes jobs of the types registered with <see cref="JobTypes.AddJob{TJob}"/>.</summary>
public sealed class JobFactory : IJobFactory
{
    private readonly IServiceScopeFactory _scopes;
    private readonly Dictionary<string, (Lazy<ObjectFactory> Make, bool Plain, JobTypeLimits? Limits)> _makers;

    /// <summary>A factory for the given types.</summary>
    /// <param name="scopes">Makes the scope of each run.</param>
    /// <param name="types">The types.</param>
    /// <param name="known">Tells which services there are; absent: they are not checked beforehand.</param>
    /// <exception cref="InvalidOperationException">A job asks for services that nobody registered; all such jobs are told.</exception>
    public JobFactory(IServiceScopeFactory scopes, IEnumerable<JobType> types, IServiceProviderIsService? known = null)
    {
        ArgumentNullException.ThrowIfNull(types);
        _scopes = scopes;
        var all = types.ToList();
        JobConstructors.Check(all, known);
        // When the first job of a type comes: compiling a constructor loads 2 MB of libraries.
        _makers = all.ToDictionary(
            type => type.Type,
            type => (new Lazy<ObjectFactory>(() => ActivatorUtilities.CreateFactory(type.Implementation, [])), IsPlain(type.Implementation), JobTypeLimits.Of(type.Options)),
            StringComparer.Ordinal);
    }

    /// <summary>Whether a job takes no services and needs no disposal: it needs no scope either.</summary>
    private static bool IsPlain(Type job) =>
        job.GetConstructors() is [var only] && only.GetParameters().Length == 0
        && !typeof(IDisposable).IsAssignableFrom(job) && !typeof(IAsyncDisposable).IsAssignableFrom(job);

    /// <inheritdoc/>
    public MadeJob Make(Job job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!_makers.TryGetValue(job.Type, out var maker))
        {
            throw new UnknownJobTypeException(job.Type, _makers.Keys);
        }

        if (maker.Plain)
        {
            var plain = (IJob)maker.Make.Value(NoServices.Instance, null);
            plain.Deserialize(job.Bytes);
            return new MadeJob(plain, null, maker.Limits);
        }

        var scope = _scopes.CreateAsyncScope();
        try
        {
            var made = (IJob)maker.Make.Value(scope.ServiceProvider, null);
            made.Deserialize(job.Bytes);
            return new MadeJob(made, new JobScope(made, scope), maker.Limits);
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

    private sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
