using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>A rule that a history breaks.</summary>
/// <param name="Rule">Its name.</param>
/// <param name="Job">Which job; empty for a rule about the whole.</param>
/// <param name="What">What was seen and what should have been.</param>
/// <param name="Events">The events that show it.</param>
public sealed record Violation(string Rule, string Job, string What, IReadOnlyList<HistoryEvent> Events)
{
    public override string ToString() =>
        $"{Rule}{(Job.Length > 0 ? $", job {Job}" : "")}: {What}\n{string.Join('\n', Events.Select(one => $"    {Recording.LineOf(one)}"))}";
}
