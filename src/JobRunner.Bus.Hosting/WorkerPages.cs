using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;

namespace JobRunner.Bus.Hosting;

/// <summary>
/// Serves what a worker tells over HTTP, on a port of its own: a host's own web application, if it has one, stays as it is. Open from
/// before the first connection to the broker until after the drain.
/// </summary>
internal sealed class WorkerPages(IServiceProvider services, WorkerReadiness readiness, ILoggerFactory loggers) : IHostedLifecycleService, IAsyncDisposable
{
    private WebApplication? _pages;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        // Not in the constructor: the settings are validated before this.
        var options = services.GetRequiredService<IOptions<HttpOptions>>().Value;
        if (options.Port is not { } port)
        {
            return;
        }

        _pages = Build(options.ListenOn, port);
        try
        {
            await _pages.StartAsync(cancellationToken);
        }
        catch (IOException error)
        {
            throw new HostRefusedException($"JobRunner__Http__Port is \"{port}\"; it cannot be opened: {error.Message}", error);
        }
    }

    private WebApplication Build(System.Net.IPAddress? address, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            if (address is null)
            {
                kestrel.ListenAnyIP(port);
            }
            else
            {
                kestrel.Listen(address, port);
            }
        });
        var pages = builder.Build();
        pages.UseRouting();
        pages.MapGet("/health/live", static context => WriteAsync(context, StatusCodes.Status200OK, "Healthy"));
        pages.MapGet("/health/ready", context => readiness.NotReady is { } why
            ? WriteAsync(context, StatusCodes.Status503ServiceUnavailable, why)
            : WriteAsync(context, StatusCodes.Status200OK, "Healthy"));
        pages.MapPrometheusScrapingEndpoint("/metrics", services.GetRequiredService<MeterProvider>(), configureBranchedPipeline: null, optionsName: null);
        foreach (var more in services.GetServices<MorePages>())
        {
            more.Map(pages);
        }

        return pages;
    }

    private static Task WriteAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => _pages?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_pages is not null)
        {
            await _pages.DisposeAsync();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
