using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Dashboard;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>The process of <c>jobrunner dashboard</c>: a host like any other that shows nothing else.</summary>
internal static class DashboardHost
{
    /// <summary>Serves until it is told to end.</summary>
    public static async Task<int> RunAsync(DashboardArguments arguments, Screen screen, CancellationToken cancellation)
    {
        await using var app = await StartAsync(
            arguments.Port,
            services => services.AddJobRunnerDashboard(arguments.Broker, new DashboardOptions { AllowActions = arguments.AllowActions, TokenFile = arguments.TokenFile }),
            arguments);
        if (arguments is { IsForThisMachine: false, Certificate: null })
        {
            screen.Error.WriteLine("jobrunner: without --certificate, or a proxy that speaks HTTPS before it, the token can be read on its way");
        }

        screen.Output.WriteLine($"The dashboard of {arguments.Broker} is at {app.Urls.First()}; Ctrl-C ends it");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.StopAsync(CancellationToken.None);
        return ExitCodes.Interrupted;
    }

    /// <summary>Begins to serve a dashboard.</summary>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <param name="add">Adds the dashboard.</param>
    /// <param name="arguments">To whom else than this machine, and how.</param>
    /// <exception cref="CommandException">The port cannot be opened.</exception>
    public static async Task<WebApplication> StartAsync(int port, Action<IServiceCollection> add, DashboardArguments? arguments = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = Environments.Production });
        builder.Logging.ClearProviders()
            .AddFilter("Microsoft", LogLevel.Warning)
            // A port that cannot be opened is told in a line of our own.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)
            .AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<KeyManagementOptions>(keys => keys.XmlRepository = new KeysInMemory());
        add(builder.Services);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            if (arguments is { Listen: null })
            {
                kestrel.ListenAnyIP(port, Secure);
            }
            else
            {
                kestrel.Listen(arguments?.Listen ?? IPAddress.Loopback, port, Secure);
            }
        });
        var app = builder.Build();
        if (arguments?.TokenFile is not null)
        {
            // Whoever says https changes nothing but what its own browser must send: no page of a stranger can set this header.
            var proxy = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedProto };
            proxy.KnownIPNetworks.Clear();
            proxy.KnownProxies.Clear();
            app.UseForwardedHeaders(proxy);
        }

        app.MapJobRunnerDashboard("/");
        try
        {
            // Once begun it is not broken off: it takes a moment, and what a half-started host says of it helps nobody.
            await app.StartAsync(CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw new CommandException($"port {port} cannot be opened: {error.Message}", error);
        }

        return app;

        void Secure(ListenOptions listen)
        {
            if (arguments?.Certificate is { } certificate)
            {
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate }),
                });
            }
        }
    }
}
