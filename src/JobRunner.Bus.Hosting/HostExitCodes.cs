namespace JobRunner.Bus.Hosting;

/// <summary>What a worker's process tells whoever started it.</summary>
public static class HostExitCodes
{
    /// <summary>It was told to end, and has drained.</summary>
    public const int Drained = 0;

    /// <summary>It ended by an error that starting it again may heal.</summary>
    public const int Failed = 1;

    /// <summary>A setting is wrong, a service is missing, or the broker refuses it or is not as it must be: starting it again heals nothing.</summary>
    public const int Refused = 2;
}
