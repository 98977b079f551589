namespace JobRunner.Bus.Hosting;

/// <summary>Tells that the person at the keyboard, or the system, wants the program to end.</summary>
internal interface IInterrupts : IDisposable
{
    /// <summary>Cancelled by the first Ctrl-C or SIGTERM.</summary>
    CancellationToken Stop { get; }

    /// <summary>What a process that was ended so tells the shell: 130 by Ctrl-C, 143 by SIGTERM.</summary>
    int ExitCode { get; }
}
