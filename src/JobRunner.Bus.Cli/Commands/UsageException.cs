namespace JobRunner.Bus.Cli.Commands;

/// <summary>A command that was given wrongly, found only when it was carried out. Exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
