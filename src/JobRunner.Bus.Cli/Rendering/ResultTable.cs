using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>The table a run ends with: each job, its tries, how it ended.</summary>
internal static class ResultTable
{
    /// <summary>Writes the table and a sentence.</summary>
    public static void Write(Screen screen, RequestResult result, TimeSpan took)
    {
        if (screen.IsTooNarrowForTables)
        {
            screen.Write(Stacked(result));
        }
        else
        {
            screen.Write(Table(screen, result));
        }

        screen.Write(Summary(result, took));
    }

    private static Table Table(Screen screen, RequestResult result)
    {
        var table = screen.NewTable("JOB", "ID", "TYPE", "TRIES", "FINAL STATE");
        foreach (var job in result.Jobs)
        {
            table.AddRow(
                new Text(Say.OneLine(job.Job.Name)),
                new Text(Say.OneLine(job.Job.Id)),
                new Text(Say.OneLine(job.Job.Type)),
                Tries(job),
                new Text(FinalState(job), StateStyle.Of(job.FinalState)));
        }

        return table;
    }

    private static Rows Stacked(RequestResult result) => new(result.Jobs.SelectMany<JobOutcome, IRenderable>(job =>
    [
        new Text($"{Say.Job(job.Job.Name, job.Job.Id)} {FinalState(job)}", StateStyle.Of(job.FinalState)),
        new Padder(Tries(job), new Padding(2, 0, 0, 0)),
    ]));

    private static Paragraph Summary(RequestResult result, TimeSpan took)
    {
        var complete = result.Jobs.Count(job => job.FinalState == JobState.Complete);
        return new Paragraph()
            .Append($"Request {Say.OneLine(result.RequestId)} ")
            .Append(result.State.ToSeedName(), StateStyle.Of(result.State))
            .Append($": {complete} of {result.Jobs.Count} {(result.Jobs.Count == 1 ? "job" : "jobs")} COMPLETE in {Say.Length(took)}\n");
    }

    private static string FinalState(JobOutcome job) =>
        job.FinalState == JobState.Pending ? "PENDING (not run)" : job.FinalState.ToSeedName();

    private static IRenderable Tries(JobOutcome job)
    {
        if (job.Tries.Count == 0)
        {
            return new Text(WithoutTries(job));
        }

        var cell = new Paragraph();
        foreach (var log in job.Tries)
        {
            var lineBreak = log == job.Tries[^1] && job.Error is null ? "" : "\n";
            cell.Append($"{log.Try} {Say.Try(log)}{lineBreak}", StateStyle.Of(log.State));
        }

        if (job.Error is { } error)
        {
            cell.Append(Say.Short(error));
        }

        return cell;
    }

    private static string WithoutTries(JobOutcome job) => (job.Error, job.FinalState) switch
    {
        ({ } error, _) => $"none: {Say.Short(error)}",
        (_, JobState.Complete) => "none: was COMPLETE already",
        _ => "none",
    };
}
