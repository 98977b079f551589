using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <content>How a try starts: in a place of its own, unless something came first.</content>
public sealed partial class Runner
{
    private TimeSpan Timeout => string.IsNullOrEmpty(_command.Timeout)
        ? Made.Limits?.TryTimeout ?? TimeSpan.Zero
        : GoDuration.Parse(_command.Timeout).ToTimeSpan();

    private TryPlace Place => new(_parts.Slots, Made.Limits);

    /// <summary>
    /// Waits for a slot, and for the gate to be open, and starts the try; false, and no slot held, when a stop or a hand-over came
    /// first, or the job's type has no place.
    /// </summary>
    private ValueTask<bool> TryStartAsync(TryRun next) =>
        _parts.Gate.IsOpen && Place.TryTake() ? new ValueTask<bool>(TryStartInPlace(next)) : new ValueTask<bool>(WaitAndTryStartAsync(next));

    private async Task<bool> WaitAndTryStartAsync(TryRun next)
    {
        var held = NoMoreTries;
        try
        {
            if (!await Place.TakeAsync(_parts.Options.ParkWaitsOver, _parts.Time, held))
            {
                _noPlaceForItsType = true;
                return false;
            }
        }
        catch (OperationCanceledException) when (held.IsCancellationRequested)
        {
            return false;
        }

        try
        {
            // Last: a slot may have been long in coming.
            if (_parts.Gate.OpensAsync(held) is { IsCompletedSuccessfully: false } opens)
            {
                await opens;
                // Off the thread of whoever opened it.
                await Task.Yield();
            }
        }
        catch (OperationCanceledException) when (held.IsCancellationRequested)
        {
            Place.Release();
            return false;
        }

        return TryStartInPlace(next);
    }

    private bool TryStartInPlace(TryRun next)
    {
        if (TryStart(next))
        {
            return true;
        }

        Place.Release();
        return false;
    }

    private void Begins(TryRun next)
    {
        Log.TryStarts(Logger, _tryNumber, TryNo, MaxTries);
        next.Span = JobTraces.StartTry(_command, _tryNumber);
        next.StartedAt = UnixNanoseconds.Now(_parts.Time);
    }
}
