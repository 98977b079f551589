namespace JobRunner.Bus.Runners;

/// <summary>What waits in a <see cref="DueQueue"/>. The numbers are the queue's.</summary>
internal abstract class DueEntry
{
    /// <summary>When it is due, in the queue's time.</summary>
    internal long DueAt { get; set; }

    /// <summary>Where in the queue it stands; below zero for nowhere.</summary>
    internal int Place { get; set; } = -1;

    /// <summary>Its time has come. Must neither throw nor take long: others wait for theirs.</summary>
    public abstract void Due();
}
