namespace JobRunner.Bus.Runs;

/// <summary>The delivery goes back to the queue: its run was given up here and goes on elsewhere.</summary>
/// <param name="inner">Why, when it is the worker's own fault.</param>
internal sealed class GivenBackException(Exception? inner = null) : Exception("the run was given up here; its command goes back to the queue", inner);
