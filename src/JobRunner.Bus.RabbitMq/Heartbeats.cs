namespace JobRunner.Bus.RabbitMq;

/// <summary>How often broker and client tell each other that they live. Either closes a connection that was silent for two of these.</summary>
internal static class Heartbeats
{
    /// <summary>For those who hold no runs.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(10);

    /// <summary>
    /// For a worker with this lease: half of it, rounded to whole seconds as the protocol has them, 1 s to 10 s. When the broker has
    /// given the commands of a silent worker to another, it closes that worker's other connections at most one and a half
    /// heartbeats later; so once the other has waited for a lease, nothing that was on the way can arrive any more.
    /// </summary>
    public static TimeSpan For(TimeSpan lease)
    {
        var half = TimeSpan.FromSeconds(Math.Max(1, Math.Round(lease.TotalSeconds / 2, MidpointRounding.AwayFromZero)));
        return half < Usual ? half : Usual;
    }
}
