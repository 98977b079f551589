namespace JobRunner.Bus.Cli.Hosting;

/// <summary>Section <c>JobRunner:Http</c>: what a worker tells over HTTP.</summary>
internal sealed class HttpOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "JobRunner:Http";

    /// <summary>Port of <c>/health/live</c>, <c>/health/ready</c> and <c>/metrics</c>, 1 to 65,535; absent: none is opened.</summary>
    public int? Port { get; set; }
}
