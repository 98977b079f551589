namespace JobRunner.Bus.Runners.Jobs;

/// <summary>The limits of one job type in this process.</summary>
public sealed class JobTypeLimits
{
    private readonly SemaphoreSlim? _places;

    /// <summary>Limits as the options say.</summary>
    public JobTypeLimits(JobTypeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _places = options.MaxConcurrency is { } most ? new SemaphoreSlim(most, most) : null;
        TryTimeout = options.TryTimeout ?? TimeSpan.Zero;
        Heartbeat = options.Heartbeat ?? TimeSpan.Zero;
    }

    /// <summary>Limits as the options say; <see langword="null"/> where they say none.</summary>
    public static JobTypeLimits? Of(JobTypeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options is { MaxConcurrency: null, TryTimeout: null, Heartbeat: null } ? null : new JobTypeLimits(options);
    }

    /// <summary>How long to leave a job alone whose type had no place.</summary>
    public static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>How long a try may take whose command does not say; zero for no limit.</summary>
    public TimeSpan TryTimeout { get; }

    /// <summary>How long a try may be silent whose command does not say; zero for no limit.</summary>
    public TimeSpan Heartbeat { get; }

    /// <summary>Waits for a place among the tries of this type.</summary>
    /// <returns>Whether there was one in time.</returns>
    /// <exception cref="OperationCanceledException">The token fired first; no place is held.</exception>
    public async Task<bool> TakeAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        // Asked without patience first: a place that is free is taken however little there is.
        if (_places is null || _places.Wait(TimeSpan.Zero, cancellationToken))
        {
            return true;
        }

        if (patience == TimeSpan.MaxValue)
        {
            await _places.WaitAsync(cancellationToken);
            return true;
        }

        using var enough = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, cancellationToken);
        try
        {
            await _places.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Gives the place back.</summary>
    public void Release() => _places?.Release();
}
