using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Journal;

/// <summary>Asks the journal for everything about one job.</summary>
/// <param name="job">The job.</param>
/// <param name="since">Nothing that is older matters; <see langword="null"/> for all that is kept.</param>
internal sealed class LookUp(RunnerKey job, DateTimeOffset? since)
{
    private readonly TaskCompletionSource<IReadOnlyList<JournalEntry>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RunnerKey Job => job;

    public DateTimeOffset? Since => since;

    /// <summary>What was found, oldest first.</summary>
    public Task<IReadOnlyList<JournalEntry>> Found => _done.Task;

    public void Answer(IReadOnlyList<JournalEntry> found) => _done.TrySetResult(found);

    public void Fail(Exception error) => _done.TrySetException(error);
}
