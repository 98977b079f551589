using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>No progress: standard output belongs to one JSON document. Only a stop is told, on standard error.</summary>
internal sealed class NoProgress(TextWriter error) : IRunObserver
{
    public void Launched(TrackedChain chain, Launch launch)
    {
    }

    public void Logged(TrackedChain chain, JobLogRecorded log)
    {
    }

    public void Finished(TrackedChain chain, JobFinished result)
    {
    }

    public void Stopping(TrackedChain chain) =>
        error.WriteLine($"stopping request {Say.OneLine(chain.RequestId)}; press Ctrl-C again to leave at once");
}
