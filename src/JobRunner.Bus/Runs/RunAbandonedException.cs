namespace JobRunner.Bus.Runs;

/// <summary>The run was abandoned here and goes on elsewhere: its command is requeued.</summary>
/// <param name="inner">Why, when it is the worker's own fault.</param>
internal sealed class RunAbandonedException(Exception? inner = null) : Exception("the run was abandoned here; its command is requeued", inner);
