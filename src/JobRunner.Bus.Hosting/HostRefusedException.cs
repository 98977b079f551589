namespace JobRunner.Bus.Hosting;

/// <summary>The host cannot start as it is set up. The message is for whoever set it up; exit code 2.</summary>
internal sealed class HostRefusedException(string message, Exception? innerException = null) : Exception(message, innerException);
