using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>What became of the start of a try.</summary>
internal enum TryStart
{
    Started,

    /// <summary>A stop or a hand-over came first.</summary>
    HeldBack,

    NoPlaceForItsType,
}

/// <summary>What a try needs before it starts: a place of its job's type, a slot, and an open gate.</summary>
internal readonly record struct TryRoom(RunnerParts Parts, JobTypeLimits? OfType)
{
    /// <summary>
    /// Waits for all three, and starts the try; otherwise nothing is held. The place of the type comes first: who waits for one holds no
    /// slot. The gate comes last: a slot may have been long in coming.
    /// </summary>
    public async ValueTask<TryStart> StartAsync(JobTry next, RunSignals signals)
    {
        var held = signals.NoMoreTries;
        var (place, slot) = (false, false);
        try
        {
            place = OfType is null || await OfType.TakeAsync(Parts.Options.ParkWaitsOver, Parts.Time, held);
            if (!place)
            {
                return TryStart.NoPlaceForItsType;
            }

            if (!Parts.Slots.TryTake())
            {
                await Parts.Slots.TakeAsync(held);
            }

            slot = true;
            if (!Parts.Gate.IsOpen)
            {
                await Parts.Gate.OpensAsync(held);
            }

            if (signals.TryStart(next))
            {
                return TryStart.Started;
            }
        }
        catch (OperationCanceledException) when (held.IsCancellationRequested)
        {
        }

        if (slot)
        {
            Parts.Slots.Release();
        }

        if (place)
        {
            OfType?.Release();
        }

        return TryStart.HeldBack;
    }

    /// <summary>Gives the slot and the place back of a try that was started.</summary>
    public void Release()
    {
        Parts.Slots.Release();
        OfType?.Release();
    }
}
