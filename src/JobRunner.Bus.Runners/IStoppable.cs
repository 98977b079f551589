namespace JobRunner.Bus.Runners;

/// <summary>A try that runs, to whoever stops it.</summary>
internal interface IStoppable
{
    /// <summary>Tells its job to stop, once however many ask; returns the job's own error in doing so, or null.</summary>
    Task<string?> TellToStopAsync();
}
