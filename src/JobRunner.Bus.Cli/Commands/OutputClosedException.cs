namespace JobRunner.Bus.Cli.Commands;

/// <summary>Nobody reads the output any more: there is nothing left to do, and nothing to say.</summary>
internal sealed class OutputClosedException : Exception;
