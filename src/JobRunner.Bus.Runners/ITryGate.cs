namespace JobRunner.Bus.Runners;

/// <summary>
/// Says whether tries may start now. A run that waited on the spot goes on by itself, and may do so when it is no longer this
/// process's to run: the one who knows says so here.
/// </summary>
public interface ITryGate
{
    /// <summary>Whether a try may start at once. Asked before every try: cheap, and safe for use by any thread.</summary>
    bool IsOpen { get; }

    /// <summary>Completes when tries may start.</summary>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    Task OpensAsync(CancellationToken cancellationToken);
}

/// <summary>Tries may always start: nobody else can have the run.</summary>
internal sealed class OpenTryGate : ITryGate
{
    public static OpenTryGate Instance { get; } = new();

    public bool IsOpen => true;

    public Task OpensAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
