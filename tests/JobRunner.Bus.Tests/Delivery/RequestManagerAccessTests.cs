using System.Collections.Concurrent;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.TestKit;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Time.Testing;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

/// <summary>TLS with authorities and a certificate of one's own, tokens and headers from files; against real https.</summary>
public sealed class RequestManagerAccessTests : IDisposable
{
    private const string Prefix = "JobRunner__RequestManager__";
    private const string Token = "s3cr3t-token-of-the-worker";

    private readonly TestAuthority _authority = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _authority.Dispose();

    private Task<StubRequestManager> StartHttpsAsync(ConcurrentQueue<string>? clients = null) => StubRequestManager.StartAsync(https: tls =>
    {
        tls.ServerCertificate = _authority.IssueServer();
        if (clients is not null)
        {
            tls.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            tls.ClientCertificateValidation = (certificate, _, _) =>
            {
                clients.Enqueue(certificate.Subject);
                return _authority.Issued(certificate);
            };
        }
    });

    [Fact]
    public async Task A_log_is_delivered_over_https_of_an_authority_of_ones_own_to_one_that_asks_for_a_client_certificate()
    {
        var clients = new ConcurrentQueue<string>();
        await using var rm = await StartHttpsAsync(clients);
        var (cert, key) = _authority.IssueClientFiles("worker");
        await using var delivery = Delivery.To(
            rm, ($"{Prefix}CaFile", _authority.CaFile), ($"{Prefix}ClientCertFile", cert), ($"{Prefix}ClientKeyFile", key));

        Assert.Equal(DeliveryOutcome.Stored, await delivery.Store.PutAsync(Log(), Ct));
        Assert.Equal(DeliveryOutcome.Stored, await delivery.Store.PutAsync(Log(2), Ct));

        // One handshake for both: the connection is kept.
        Assert.Equal(["CN=worker"], clients);
        Assert.Equal(2, (await delivery.Reader.GetAsync(Log().RequestId, Ct)).Count);
    }

    [Fact]
    public async Task An_authority_that_is_not_trusted_or_a_missing_client_certificate_is_told_and_tried_again_later()
    {
        using var stranger = new TestAuthority("stranger");
        await using var rm = await StartHttpsAsync(new());
        var (cert, key) = stranger.IssueClientFiles("stranger");
        await using var untrusting = Delivery.To(rm, ($"{Prefix}CaFile", stranger.CaFile));
        await using var byDefault = Delivery.To(rm);
        await using var nobody = Delivery.To(rm, ($"{Prefix}CaFile", _authority.CaFile));
        await using var wrongOne = Delivery.To(
            rm, ($"{Prefix}CaFile", _authority.CaFile), ($"{Prefix}ClientCertFile", cert), ($"{Prefix}ClientKeyFile", key));

        foreach (var refused in new[] { untrusting, byDefault })
        {
            var error = await Assert.ThrowsAsync<RetryableDeliveryException>(() => refused.Store.PutAsync(Log(), Ct));
            Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<RetryableDeliveryException>(() => nobody.Store.PutAsync(Log(), Ct));
        await Assert.ThrowsAsync<RetryableDeliveryException>(() => wrongOne.Store.PutAsync(Log(), Ct));
        Assert.Empty(rm.Requests);
    }

    [Fact]
    public async Task Token_and_header_go_with_every_attempt_and_stand_in_no_log_and_no_error()
    {
        await using var rm = await StartHttpsAsync();
        await using var delivery = Delivery.To(
            rm,
            ($"{Prefix}CaFile", _authority.CaFile),
            ($"{Prefix}BearerTokenFile", _authority.Write("token", $"{Token}\r\n")),
            ($"{Prefix}HeaderName", "X-Api-Key"),
            ($"{Prefix}HeaderValueFile", _authority.Write("key", "  k3y-of-the-worker \n")));
        // A server that repeats what it was asked with.
        rm.Answer(StubAnswer.Error(401, $"no such token: {Token}"));
        var first = await Assert.ThrowsAsync<RetryableDeliveryException>(() => delivery.Store.PutAsync(Log(), Ct));
        rm.Answer(StubAnswer.Error(403, $"Bearer {Token} with k3y-of-the-worker"));

        var error = await Assert.ThrowsAsync<RetryableDeliveryException>(() => delivery.Store.PutAsync(Log(2), Ct));

        Assert.All(rm.Requests, request =>
            Assert.Equal(($"Bearer {Token}", "k3y-of-the-worker"), (request.Headers["Authorization"], request.Headers["X-Api-Key"])));
        Assert.Equal("Bearer *** with ***", error.Answer);
        var said = string.Join('\n', delivery.LogLines.GetSnapshot().Select(line => line.Message + line.Exception)) + first + error;
        Assert.Contains("no such token: ***", said, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, said, StringComparison.Ordinal);
        Assert.DoesNotContain("k3y-of-the-worker", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_renewed_is_taken_up_and_one_that_is_damaged_is_not()
    {
        var time = new FakeTimeProvider();
        await using var rm = await StubRequestManager.StartAsync();
        var file = _authority.Write("token", "first-token");
        await using var delivery = new Delivery(time, ($"{Prefix}BaseUrl", rm.BaseUrl), ($"{Prefix}BearerTokenFile", file));

        await PutAsync(1);
        _authority.Write("token", "second-token");
        await PutAsync(2);
        _authority.Write("token", " \n");
        await PutAsync(3);
        File.Delete(file);
        await PutAsync(4);
        _authority.Write("token", "third-token");
        await PutAsync(5);

        Assert.Equal(
            ["Bearer first-token", "Bearer second-token", "Bearer second-token", "Bearer second-token", "Bearer third-token"],
            rm.Requests.Select(request => request.Headers["Authorization"]));
        Assert.Equal([3013, 3012, 3012, 3013], delivery.LogLines.GetSnapshot().Select(line => line.Id.Id).Where(id => id is 3012 or 3013));

        async Task PutAsync(int @try)
        {
            time.Advance(TimeSpan.FromSeconds(2));
            await delivery.Store.PutAsync(Log(@try), Ct);
        }
    }

    [Fact]
    public async Task A_client_certificate_that_is_renewed_is_shown_on_the_next_connection()
    {
        var time = new FakeTimeProvider();
        var clients = new ConcurrentQueue<string>();
        await using var rm = await StartHttpsAsync(clients);
        var (cert, key) = _authority.IssueClientFiles("old");
        await using var delivery = new Delivery(
            time,
            ($"{Prefix}BaseUrl", rm.BaseUrl), ($"{Prefix}CaFile", _authority.CaFile), ($"{Prefix}ClientCertFile", cert), ($"{Prefix}ClientKeyFile", key));
        await delivery.Store.PutAsync(Log(), Ct);

        _authority.IssueClientFiles("new");
        time.Advance(TimeSpan.FromSeconds(2));
        await rm.GoDownAsync();
        await rm.ComeUpAsync();
        await delivery.Store.PutAsync(Log(2), Ct);

        Assert.Equal(["CN=old", "CN=new"], clients);
    }

    [Fact]
    public void Wrong_settings_are_told_by_name_and_no_secret_is_shown()
    {
        using var stranger = new TestAuthority("stranger");
        var (cert, key) = _authority.IssueClientFiles("worker");
        var (_, foreignKey) = stranger.IssueClientFiles("stranger");
        var noPem = _authority.Write("nothing", "nothing of the kind");
        var token = _authority.Write("token", Token);
        foreach (var (settings, says) in new ((string, string)[] Settings, string Says)[]
        {
            ([("CaFile", "/nowhere/ca.pem")], "CaFile \"/nowhere/ca.pem\" cannot be read: there is no such file"),
            ([("CaFile", noPem)], "CaFile: the file holds no PEM certificate"),
            ([("ClientCertFile", noPem), ("ClientKeyFile", key)], "ClientCertFile: the file holds no PEM certificate"),
            ([("ClientCertFile", cert)], "ClientCertFile: the file holds no PEM private key"),
            ([("ClientCertFile", cert), ("ClientKeyFile", foreignKey)], "ClientKeyFile: the private key is not that of the first certificate"),
            ([("ClientKeyFile", key)], "ClientKeyFile is given without JobRunner__RequestManager__ClientCertFile"),
            ([("BearerTokenFile", Path.GetTempPath())], "BearerTokenFile"),
            ([("BearerTokenFile", _authority.Write("empty", "\r\n"))], "BearerTokenFile: the file is empty"),
            ([("BearerTokenFile", _authority.Write("lines", $"{Token}\r\nX-Evil: 1"))], "BearerTokenFile: the file must hold one line"),
            ([("HeaderName", "X-Api-Key")], "HeaderName and JobRunner__RequestManager__HeaderValueFile go together"),
            ([("HeaderName", "X Api"), ("HeaderValueFile", token)], "HeaderName \"X Api\" is no header that can be chosen"),
            ([("HeaderName", "Content-Type"), ("HeaderValueFile", token)], "HeaderName \"Content-Type\" is no header that can be chosen"),
            ([("HeaderName", "authorization"), ("HeaderValueFile", token), ("BearerTokenFile", token)], "HeaderName is Authorization, which"),
            ([("BaseUrl", "http://rm"), ("BearerTokenFile", token)], "BearerTokenFile: over plain http anyone on the way could read it"),
            ([("BaseUrl", "http://rm"), ("CaFile", _authority.CaFile)], "CaFile: only an https JobRunner__RequestManager__BaseUrl can use it"),
        })
        {
            var wrong = Wrong(settings);

            Assert.StartsWith(Prefix + says, Assert.Single(wrong), StringComparison.Ordinal);
            Assert.DoesNotContain(Token, wrong[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Good_settings_pass()
    {
        var (cert, key) = _authority.IssueClientFiles("worker");
        var both = _authority.Write("both.pem", File.ReadAllText(key) + "\n" + File.ReadAllText(cert));
        var token = _authority.Write("token", Token);

        Assert.Empty(Wrong(("CaFile", _authority.CaFile), ("ClientCertFile", both), ("BearerTokenFile", token)));
        Assert.Empty(Wrong(("BaseUrl", "http://127.0.0.1:1"), ("BearerTokenFile", token)));
        Assert.Empty(Wrong(("BaseUrl", "http://rm"), ("BearerTokenFile", token), ("AllowSecretsOverHttp", "true")));
        Assert.Empty(Wrong(("BaseUrl", ""), ("BearerTokenFile", "/nowhere")));
    }

    private static List<string> Wrong(params (string Name, string Value)[] settings) =>
        OptionsTests.Wrong([($"{Prefix}BaseUrl", "https://rm"), .. settings.Select(setting => (Prefix + setting.Name, setting.Value))]);
}
