using System.Collections.Concurrent;
using System.Net;
using System.Security.Claims;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>A host with pages of its own. Its broker is away, unless it is given one.</summary>
internal sealed class OwnHost(WebApplication app, HttpClient client, OwnHost.Lines log) : IAsyncDisposable
{
    public HttpClient Client => client;

    /// <summary>The host's services.</summary>
    public IServiceProvider Services => app.Services;

    /// <summary>What it has logged.</summary>
    public IEnumerable<string> Log => log.All;

    /// <summary>Starts it.</summary>
    /// <param name="from">The address that visitors seem to have.</param>
    /// <param name="user">The name that visitors have logged in by.</param>
    /// <param name="broker">The broker.</param>
    /// <param name="options">How the dashboard behaves.</param>
    /// <param name="time">The host's clock.</param>
    /// <param name="addServices">What else the host has.</param>
    /// <param name="scheme">The scheme that visitors seem to come by.</param>
    public static async Task<OwnHost> StartAsync(
        string? from = null, string? user = null, Uri? broker = null, DashboardOptions? options = null, TimeProvider? time = null, Action<IServiceCollection>? addServices = null, string? scheme = null)
    {
        var log = new Lines();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        addServices?.Invoke(builder.Services);
        builder.Services.AddJobRunnerDashboard(
            new RabbitMqOptions { Uri = broker?.ToString() ?? $"amqp://guest:guest@127.0.0.1:{RabbitMqNode.FreePort()}/" }, options);
        var app = builder.Build();
        app.Use((context, next) =>
        {
            context.Connection.RemoteIpAddress = from is null ? context.Connection.RemoteIpAddress : IPAddress.Parse(from);
            context.Request.Scheme = scheme ?? context.Request.Scheme;
            context.User = user is null ? context.User : new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, user)], "test"));
            return next(context);
        });
        app.MapJobRunnerDashboard();
        app.MapGet("/", () => "mine");
        app.MapGet("/jobs", () => "my jobs");
        app.MapGet("/who", (HttpContext context) => context.User.Identity?.Name ?? "nobody");
        app.MapGet("/sign-in", () => Results.SignIn(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "ada")], "test"))));
        app.MapFallback(() => Results.Text("mine, too"));
        await app.StartAsync();
        return new OwnHost(app, new HttpClient { BaseAddress = new Uri(app.Urls.First() + "/") }, log);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
    }

    /// <summary>Keeps what is logged.</summary>
    internal sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IEnumerable<string> All => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{eventId.Id} {formatter(state, exception)}");

        public void Dispose()
        {
            // Nothing is open.
        }
    }
}
