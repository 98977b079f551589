using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>What a try needs to run: a slot of the worker, and a place among the tries of its job's type where that is limited.</summary>
internal readonly struct TryPlace(TrySlots slots, JobTypeLimits? limits)
{
    /// <summary>Takes both if they are free and nothing is limited; a limited type goes by <see cref="TakeAsync"/>.</summary>
    public bool TryTake() => limits is null && slots.TryTake();

    /// <summary>Waits for both. The place of the type first: who waits for one holds no slot.</summary>
    /// <returns>False when the type had no place in time; nothing is held then.</returns>
    /// <exception cref="OperationCanceledException">The token fired first; nothing is held.</exception>
    public async Task<bool> TakeAsync(TimeSpan patience, TimeProvider time, CancellationToken held)
    {
        if (limits is not null && !await limits.TakeAsync(patience, time, held))
        {
            return false;
        }

        try
        {
            await slots.TakeAsync(held);
            return true;
        }
        catch
        {
            limits?.Release();
            throw;
        }
    }

    /// <summary>Gives both back.</summary>
    public void Release()
    {
        slots.Release();
        limits?.Release();
    }
}
