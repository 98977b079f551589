using System.Globalization;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>Progress as plain lines, one per try that ended.</summary>
/// <param name="output">Where the lines go.</param>
/// <param name="time">The clock and time zone of the lines.</param>
/// <param name="nameRequests">Whether each line names its request: there are several.</param>
internal sealed class ProgressLines(TextWriter output, TimeProvider time, bool nameRequests) : IRunObserver
{
    public void Launched(TrackedChain chain, Launch launch)
    {
        if (launch.Wait > TimeSpan.Zero)
        {
            var job = launch.Command.Job;
            Line(chain, $"sequence of {Say.Job(job.Name, job.Id)} is tried again in {Say.Length(launch.Wait)}");
        }
    }

    public void Logged(TrackedChain chain, JobLogRecorded log) =>
        Line(chain, $"{Say.Job(log.Name, log.JobId)} try {log.Try} {Say.Try(log)}");

    public void Finished(TrackedChain chain, JobFinished result)
    {
        if (result.Error is { } error)
        {
            var name = chain.Find(result.JobId)?.Name ?? "";
            Line(chain, $"{Say.Job(name, result.JobId)} {result.FinalState.ToSeedName()}: {Say.Short(error)}");
        }
    }

    public void Stopping(TrackedChain chain) =>
        Line(chain, $"stopping request {Say.OneLine(chain.RequestId)}; press Ctrl-C again to leave at once");

    private void Line(TrackedChain chain, string text)
    {
        var clock = time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        output.WriteLine(nameRequests ? $"{clock} {Say.OneLine(chain.RequestId)} {text}" : $"{clock} {text}");
    }
}
