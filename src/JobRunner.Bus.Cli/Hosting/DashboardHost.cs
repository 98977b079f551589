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
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = Environments.Production });
        builder.Logging.ClearProviders()
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)
            .AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<KeyManagementOptions>(keys => keys.XmlRepository = new KeysInMemory());
        builder.Services.AddJobRunnerDashboard(arguments.Broker, new DashboardOptions { AllowActions = arguments.AllowActions, TokenFile = arguments.TokenFile });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            if (arguments.Listen is { } address)
            {
                kestrel.Listen(address, arguments.Port, Secure);
            }
            else
            {
                kestrel.ListenAnyIP(arguments.Port, Secure);
            }
        });
        await using var app = builder.Build();
        if (arguments.TokenFile is not null)
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
            throw new CommandException($"port {arguments.Port} cannot be opened: {error.Message}", error);
        }

        if (arguments is { IsForThisMachine: false, Certificate: null })
        {
            screen.Error.WriteLine("jobrunner: without --certificate, or a proxy that speaks HTTPS before it, the token can be read on its way");
        }

        screen.Output.WriteLine($"The dashboard of {arguments.Broker} is at {app.Urls.First()}; Ctrl-C ends it");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.StopAsync(CancellationToken.None);
        return ExitCodes.Interrupted;

        void Secure(ListenOptions listen)
        {
            if (arguments.Certificate is { } certificate)
            {
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate }),
                });
            }
        }
    }
}
