namespace JobRunner.Bus.Cli.Commands;

/// <summary>Tells that the person at the keyboard, or the system, wants the program to end.</summary>
internal interface IInterrupts : IDisposable
{
    /// <summary>Cancelled by the first Ctrl-C or SIGTERM.</summary>
    CancellationToken Stop { get; }
}
