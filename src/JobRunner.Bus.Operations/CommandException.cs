namespace JobRunner.Bus.Operations;

/// <summary>A command that cannot be carried out. The message is one line for the person at the keyboard; exit code 1.</summary>
internal class CommandException(string message, Exception? innerException = null) : Exception(message, innerException);
