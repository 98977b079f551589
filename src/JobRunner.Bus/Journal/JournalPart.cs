using JobRunner.Bus.Runners;
using RabbitMQ.Client;

namespace JobRunner.Bus.Journal;

/// <summary>What was read of the journal: from a time on, up to a mark that its reader put there.</summary>
internal sealed class JournalPart
{
    /// <summary>What is remembered at most, roughly.</summary>
    private const long MostBytes = 64 * 1024 * 1024;

    private const int BytesOfEntry = 500;

    private readonly DateTimeOffset? _since;
    private readonly IReadOnlySet<RunnerKey> _asked;
    private readonly List<(RunnerKey Job, JournalEntry Entry)> _entries = [];
    private readonly Dictionary<RunnerKey, int> _lastLogs = [];
    private readonly string? _begunAt;
    private long _bytes;
    private string? _mark;
    private object? _end;

    /// <summary>Nothing yet.</summary>
    /// <param name="since">From when on it is read; <see langword="null"/> for all that is kept.</param>
    /// <param name="asked">The jobs that matter, should it become too much to remember all.</param>
    public JournalPart(DateTimeOffset? since, IReadOnlySet<RunnerKey> asked)
    {
        (_since, _asked, Begin) = (since, asked, BrokerJournal.Offset(since));
        Requests = asked.Select(job => job.RequestId).ToHashSet(StringComparer.Ordinal);
    }

    private JournalPart(JournalPart before, IReadOnlySet<RunnerKey> asked)
    {
        (_since, _asked, Begin) = (before._since, asked, before._end!);
        (Requests, _entries, _lastLogs, _bytes, _begunAt) = (before.Requests, [.. before._entries], new(before._lastLogs), before._bytes, before._mark);
    }

    /// <summary>Where its reader begins.</summary>
    public object Begin { get; }

    /// <summary>The requests that it is about, if they are few enough to be asked for.</summary>
    public IReadOnlySet<string> Requests { get; }

    /// <summary>Whether it has what all jobs wrote, and not only those that were asked about.</summary>
    public bool HasAll { get; private set; } = true;

    /// <summary>The same, to be read on from its end.</summary>
    public JournalPart GoOn(IReadOnlySet<RunnerKey> asked) => new(this, asked);

    /// <summary>Whether what was written of these jobs since a time is in it, up to its end.</summary>
    public bool Covers(DateTimeOffset? since, IReadOnlySet<RunnerKey> jobs) =>
        !(since < _since) && (since is not null || _since is null) && (!JournalFilter.IsAsked(Requests) || jobs.All(job => Requests.Contains(job.RequestId)));

    /// <summary>Whether the first message of a reading is the one at which the part before it ended. Another stream may be there by now, or its end be lost.</summary>
    public bool GoesOnAt(string? mark) => _begunAt is null || _begunAt == mark;

    /// <summary>Takes a message; what comes after the end does not count.</summary>
    public void Add(string exchange, IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        if (_end is not null)
        {
            return;
        }

        if ((HasAll ? JournalMessages.Read(exchange, properties, body) : JournalMessages.ReadOf(_asked, exchange, properties, body)) is not { } read)
        {
            return;
        }

        _entries.Add(read);
        _bytes += BytesOfEntry + body.Length;
        LeaveOutputBefore(_entries.Count - 1);
        if (HasAll && _bytes > MostBytes)
        {
            HasAll = false;
            _entries.RemoveAll(one => !_asked.Contains(one.Job));
            _lastLogs.Clear();
            for (var place = 0; place < _entries.Count; place++)
            {
                LeaveOutputBefore(place);
            }
        }
    }

    /// <summary>The output of a try is of interest as long as its log is its job's last, and may be large.</summary>
    private void LeaveOutputBefore(int place)
    {
        var (job, entry) = _entries[place];
        if (entry is not TryLogged)
        {
            return;
        }

        if (_lastLogs.TryGetValue(job, out var before) && _entries[before].Entry is TryLogged { Log: var log })
        {
            _bytes -= log.Stdout.Length + log.Stderr.Length;
            _entries[before] = (job, new TryLogged(log with { Stdout = "", Stderr = "" }, IsWhole: false));
        }

        _lastLogs[job] = place;
    }

    /// <summary>It is read.</summary>
    public void EndAt(string mark, object offset) => (_mark, _end) = (mark, offset);

    /// <summary>What was written of each of these jobs, oldest first.</summary>
    public IReadOnlyDictionary<RunnerKey, IReadOnlyList<JournalEntry>> Of(IReadOnlySet<RunnerKey> jobs)
    {
        var found = jobs.ToDictionary(job => job, _ => new List<JournalEntry>());
        foreach (var (job, entry) in _entries)
        {
            if (found.TryGetValue(job, out var ofJob))
            {
                ofJob.Add(entry);
            }
        }

        return found.ToDictionary(pair => pair.Key, IReadOnlyList<JournalEntry> (pair) => pair.Value);
    }
}
