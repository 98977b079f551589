namespace JobRunner.Bus.Operations.Repair;

/// <summary>Counts what became of messages. It can be read while it is added to.</summary>
internal sealed class RepairTally
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(RepairKind Kind, string Why), long> _counts = [];

    /// <summary>Every message that was counted.</summary>
    public long All => Sum(_ => true);

    /// <summary>Why messages were kept or dropped, the commonest first.</summary>
    public IReadOnlyList<(RepairKind Kind, string Why, long Count)> Reasons
    {
        get
        {
            lock (_gate)
            {
                return [.. _counts.Where(pair => pair.Key.Why.Length > 0).OrderByDescending(pair => pair.Value).Select(pair => (pair.Key.Kind, pair.Key.Why, pair.Value))];
            }
        }
    }

    /// <summary>How many met this end.</summary>
    public long Of(RepairKind kind) => Sum(counted => counted == kind);

    /// <summary>Counts more.</summary>
    public void Add(IReadOnlyList<RepairOutcome> outcomes)
    {
        lock (_gate)
        {
            foreach (var outcome in outcomes)
            {
                // The notes of others differ from message to message.
                var key = (outcome.Kind, outcome.Kind is RepairKind.Kept or RepairKind.Dropped ? outcome.Note : "");
                _counts[key] = _counts.GetValueOrDefault(key) + 1;
            }
        }
    }

    private long Sum(Predicate<RepairKind> of)
    {
        lock (_gate)
        {
            return _counts.Where(pair => of(pair.Key.Kind)).Sum(pair => pair.Value);
        }
    }
}
