namespace JobRunner.Bus.Operations;

/// <summary>The bus cannot do what was asked. The message is one line for the person at the keyboard.</summary>
internal sealed class SchedulerBusException(string message, Exception? innerException = null)
    : CommandException(message, innerException);
