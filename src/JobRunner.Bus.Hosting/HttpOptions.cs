using System.Net;

namespace JobRunner.Bus.Hosting;

/// <summary>Section <c>JobRunner:Http</c>: what a worker tells over HTTP.</summary>
public sealed class HttpOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "JobRunner:Http";

    /// <summary>
    /// Port of <c>/health/live</c>, <c>/health/ready</c> and <c>/metrics</c>, and with role <c>Chain</c> of Spin Cycle's Job Runner API, 1 to 65,535;
    /// absent: none is opened.
    /// </summary>
    public int? Port { get; set; }

    /// <summary>
    /// The address to listen on, default <c>127.0.0.1</c>: only this machine can ask. <c>*</c> is every address, as containers need it;
    /// the pages ask for no password.
    /// </summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The address, which was validated; <see langword="null"/> for all.</summary>
    internal IPAddress? ListenOn => Address == EveryAddress ? null : IPAddress.Parse(Address);

    internal const string EveryAddress = "*";
}
