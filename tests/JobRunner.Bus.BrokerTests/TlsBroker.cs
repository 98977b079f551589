using System.Net.Http.Json;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>
/// A broker whose TLS port takes only clients with a certificate that its authority has signed. It has a user <c>tls</c>,
/// and a user <c>worker</c> without a password, who logs in by the certificate of that name.
/// </summary>
public sealed class TlsBroker : IAsyncLifetime
{
    /// <summary>Of the user, with what must be percent-encoded.</summary>
    public const string Password = "s3cr3t/päss word";

    private RabbitMqNode? _node;

    public RabbitMqNode Node => _node ?? throw new InvalidOperationException("not started");

    public int TlsPort { get; } = RabbitMqNode.FreePort();

    public TestAuthority Authority { get; } = new("authority of the test");

    public (string CertFile, string KeyFile) Client { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var (cert, key) = Authority.IssueServerFiles();
        Client = Authority.IssueClientFiles("worker");
        _node = await RabbitMqNode.StartAsync($"""
            listeners.ssl.default = 127.0.0.1:{TlsPort}
            ssl_options.cacertfile = {Authority.CaFile}
            ssl_options.certfile = {cert}
            ssl_options.keyfile = {key}
            ssl_options.verify = verify_peer
            ssl_options.fail_if_no_peer_cert = true
            auth_mechanisms.1 = PLAIN
            auth_mechanisms.2 = EXTERNAL
            ssl_cert_login_from = common_name
            """, plugins: "rabbitmq_auth_mechanism_ssl");
        await AddUserAsync("tls", new { password = Password, tags = "" });
        await AddUserAsync("worker", new { password_hash = "", tags = "" });
    }

    /// <summary>Changes the password of the user <c>tls</c>.</summary>
    public async Task SetPasswordAsync(string password)
    {
        using var changed = await Node.Management.PutAsJsonAsync("users/tls", new { password, tags = "" });
        changed.EnsureSuccessStatusCode();
    }

    private async Task AddUserAsync(string name, object user)
    {
        using var added = await Node.Management.PutAsJsonAsync($"users/{name}", user);
        added.EnsureSuccessStatusCode();
        using var permitted = await Node.Management.PutAsJsonAsync($"permissions/%2F/{name}", new { configure = ".*", write = ".*", read = ".*" });
        permitted.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        Authority.Dispose();
    }
}
