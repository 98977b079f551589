using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Journal;

/// <summary>Understands the messages of the stream <c>job-journal</c>.</summary>
internal static class JournalMessages
{
    /// <summary>The exchange that a message was published to, before it was carried over from another broker.</summary>
    public static string ExchangeOf(string exchange, IReadOnlyBasicProperties properties) => Header(properties, WorkerHeaders.PublishedTo) ?? exchange;

    /// <summary>What a message says, and of which job; nothing when it is no message of ours.</summary>
    /// <param name="exchange">The exchange that the broker says it was published to; empty for one that was put straight into the stream.</param>
    /// <param name="properties">Its properties.</param>
    /// <param name="body">Its body.</param>
    public static (RunnerKey Job, JournalEntry Entry)? Read(string exchange, IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        try
        {
            switch (ExchangeOf(exchange, properties))
            {
                case Names.JobLogRecorded:
                    var log = Wire.Deserialize<JobLogRecorded>(body);
                    return (new RunnerKey(log.RequestId, log.JobId), new TryLogged(log));

                case Names.RunJobWait:
                    var command = Wire.Deserialize<RunJob>(body);
                    return Header(properties, WorkerHeaders.Leg) is { } leg
                        ? (new RunnerKey(command.RequestId, command.Job.Id), new RunSentOn(leg, command.TotalTries, command.SentAt))
                        : null;

                default:
                    var finished = Wire.Deserialize<JobFinished>(body);
                    return (new RunnerKey(finished.RequestId, finished.JobId), EntryOf(finished, properties));
            }
        }
        catch (WireFormatException)
        {
            return null;
        }
    }

    /// <summary>What a message says of one of these jobs; nothing when it is of another.</summary>
    public static (RunnerKey Job, JournalEntry Entry)? ReadOf(
        IReadOnlyCollection<RunnerKey> jobs, string exchange, IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        if (!MayName(jobs, body))
        {
            return null;
        }

        return Read(exchange, properties, body) is { } read && jobs.Contains(read.Job) ? read : null;
    }

    /// <summary>Most entries are of other jobs, and need not be parsed. An id that is not there as it is can still be there in escapes.</summary>
    private static bool MayName(IReadOnlyCollection<RunnerKey> jobs, ReadOnlySpan<byte> body)
    {
        if (body.Contains((byte)'\\'))
        {
            return true;
        }

        foreach (var job in jobs)
        {
            if (body.IndexOf(Encoding.UTF8.GetBytes(job.JobId)) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A header as text; none when it is not there.</summary>
    public static string? Header(IReadOnlyBasicProperties properties, string name) => HeaderText.Of(properties, name);

    private static JournalEntry EntryOf(JobFinished finished, IReadOnlyBasicProperties properties)
    {
        if (Header(properties, WorkerHeaders.StartedAgain) is not null)
        {
            return new StartedAgain();
        }

        return Header(properties, WorkerHeaders.JobDataOfTry) is null
            ? new RunFinished(finished, At(properties), CommandSentAt(properties), Header(properties, WorkerHeaders.LogsAccepted) is not null)
            : new JobDataChanged(finished.TotalTries, finished.JobData);
    }

    private static DateTimeOffset? CommandSentAt(IReadOnlyBasicProperties properties) =>
        long.TryParse(Header(properties, WorkerHeaders.CommandSentAt), out var ticks) && ticks > 0 && ticks < DateTime.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;

    private static DateTimeOffset? At(IReadOnlyBasicProperties properties) =>
        long.TryParse(Header(properties, WorkerHeaders.At), out var milliseconds) && milliseconds is > 0 and < 253_402_300_799_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
