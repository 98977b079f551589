namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>The Request Manager that job logs go to. Section <c>JobRunner:RequestManager</c>.</summary>
public sealed class RequestManagerOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "JobRunner:RequestManager";

    internal const string SettingPrefix = "JobRunner__RequestManager__";

    /// <summary>
    /// Where the Request Manager listens (<c>JobRunner__RequestManager__BaseUrl</c>), such as
    /// <c>https://rm.example.com:32308</c>; without <c>/api/v1</c>. A path before that and a trailing slash are fine.
    /// Absent or empty (default): job logs go to the SQLite file of <see cref="JobLogStoreOptions"/>. It is reached
    /// directly: the <c>HTTP_PROXY</c> family of variables does not apply, and redirects are not followed.
    /// </summary>
    public string? BaseUrl { get; set; }

    /// <summary>
    /// How long one attempt may take (<c>JobRunner__RequestManager__AttemptTimeout</c>), from connecting to the answer.
    /// Default 10 s; from 10 ms to 10 min.
    /// </summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Attempts per delivery, the first one included (<c>JobRunner__RequestManager__Attempts</c>); while the Request Manager is known to be
    /// down, one. Default 5; from 1 to 100.
    /// </summary>
    public int Attempts { get; set; } = 5;

    /// <summary>
    /// Wait between two attempts (<c>JobRunner__RequestManager__AttemptDelay</c>). A longer <c>Retry-After</c> of the
    /// Request Manager ends the attempts: the log waits for as long as it asks. Default 500 ms; from 0 to 10 min.
    /// </summary>
    public TimeSpan AttemptDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Most UTF-8 bytes of standard output, and of standard error, to send (<c>JobRunner__RequestManager__MaxStreamBytes</c>);
    /// of more, head and tail are kept. Default 2 MiB, more than a built-in job keeps; from 1,024 to 16,777,216. Near the upper end the Request
    /// Manager's database must allow packets that hold both (<c>max_allowed_packet</c>).
    /// </summary>
    public int MaxStreamBytes { get; set; } = 2 * 1024 * 1024;

    /// <summary>
    /// Refuse job logs whose requestId is not 20 bytes or whose jobId is not 4 (<c>JobRunner__RequestManager__StrictIds</c>),
    /// since Spin Cycle's Request Manager would store them under another id. Default true; false for a Request Manager
    /// with wider columns.
    /// </summary>
    public bool StrictIds { get; set; } = true;

    /// <summary>
    /// The receiver is no Spin Cycle Request Manager (<c>JobRunner__RequestManager__AnyReceiver</c>): its status codes count by
    /// themselves. Any 2xx says that it has the log. Default false: only answers with the header <c>X-Spincycle-Version</c>, or with the
    /// log itself, are a Request Manager's; any other, such as a proxy's 404 while the Request Manager is redeployed, is an outage.
    /// </summary>
    public bool AnyReceiver { get; set; }

    /// <summary>
    /// PEM file with the authorities whose certificates an https Request Manager may have
    /// (<c>JobRunner__RequestManager__CaFile</c>). Absent (default): those the machine trusts. Given, only they count.
    /// Read again when it changes.
    /// </summary>
    public string? CaFile { get; set; }

    /// <summary>
    /// PEM file with the certificate this worker shows to an https Request Manager
    /// (<c>JobRunner__RequestManager__ClientCertFile</c>), its own first, then any intermediate ones. Read again when it changes.
    /// </summary>
    public string? ClientCertFile { get; set; }

    /// <summary>
    /// PEM file with the key of <see cref="ClientCertFile"/>, not encrypted (<c>JobRunner__RequestManager__ClientKeyFile</c>).
    /// Absent: it is in that file too.
    /// </summary>
    public string? ClientKeyFile { get; set; }

    /// <summary>
    /// File with a token that is sent as <c>Authorization: Bearer …</c> (<c>JobRunner__RequestManager__BearerTokenFile</c>).
    /// White space around it does not count. Read again when it changes.
    /// </summary>
    public string? BearerTokenFile { get; set; }

    /// <summary>Name of a header to send with every request (<c>JobRunner__RequestManager__HeaderName</c>), such as <c>X-Api-Key</c>.</summary>
    public string? HeaderName { get; set; }

    /// <summary>File with the value of that header (<c>JobRunner__RequestManager__HeaderValueFile</c>). Read again when it changes.</summary>
    public string? HeaderValueFile { get; set; }

    /// <summary>
    /// Send a token or secret header over plain http too (<c>JobRunner__RequestManager__AllowSecretsOverHttp</c>), where anyone
    /// on the way can read it. Default false: refused, unless the Request Manager is on this machine's loopback address.
    /// </summary>
    public bool AllowSecretsOverHttp { get; set; }
}
