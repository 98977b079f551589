using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Jobs.Http;

/// <summary>The HTTP clients of <c>http-request</c> jobs.</summary>
internal static class HttpRequestClients
{
    /// <summary>Name of the client that hands redirects back as they are.</summary>
    public const string Plain = "http-request";

    /// <summary>Name of the client that follows redirects.</summary>
    public const string Following = "http-request-following";

    public static void AddHttpRequestClients(this IServiceCollection services)
    {
        Add(Plain, followRedirects: false);
        Add(Following, followRedirects: true);

        // Jobs have nothing to do with each other, so no cookies are kept; addresses and headers may hold secrets, so
        // the clients log nothing; the job keeps time itself, body included.
        void Add(string name, bool followRedirects) => services
            .AddHttpClient(name, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => new SocketsHttpHandler
            {
                ConnectCallback = provider.GetRequiredService<AllowedTargets>().ConnectAsync,
                AllowAutoRedirect = followRedirects,
                UseCookies = false,
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            })
            .RemoveAllLoggers();
    }
}
