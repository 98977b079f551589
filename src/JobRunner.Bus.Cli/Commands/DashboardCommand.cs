using System.CommandLine;
using System.Net;
using System.Net.Security;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Dashboard.Login;
using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>dashboard</c>: serves a page that shows what the workers do.</summary>
internal static class DashboardCommand
{
    private const string EveryAddress = "*";

    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var port = PortOption.Build();
        var allowActions = new Option<bool>("--allow-actions") { Description = "Let people stop jobs, and retry and discard what lies in the error queues; without it the page is read-only." };
        var listen = new Option<string?>("--listen") { Description = $"IP address to listen on, {EveryAddress} for all; 127.0.0.1, this machine alone, if absent. Others need --token-file.", HelpName = "ADDRESS" };
        var tokenFile = new Option<string?>("--token-file") { Description = "File with a token of at least 16 characters that everybody must log in by.", HelpName = "FILE" };
        var certificate = new Option<string?>("--certificate") { Description = "PEM file with the certificate to serve HTTPS by.", HelpName = "FILE" };
        var key = new Option<string?>("--key") { Description = "PEM file with the certificate's key; absent: it is in the certificate's file.", HelpName = "FILE" };
        var command = new Command("dashboard", "Serve a web page that shows what the workers do, until Ctrl-C.") { port, allowActions, listen, tokenFile, certificate, key };
        command.SetAction(async (parsed, _) =>
        {
            var arguments = new DashboardArguments(
                BrokerOption.Read(parsed.GetValue(broker), services.Environment), parsed.GetValue(port), parsed.GetValue(allowActions))
            {
                Listen = Address(parsed.GetValue(listen)),
                TokenFile = parsed.GetValue(tokenFile),
                Certificate = Files(parsed.GetValue(tokenFile), parsed.GetValue(certificate), parsed.GetValue(key)),
            };
            if (arguments is { IsForThisMachine: false, TokenFile: null })
            {
                throw new UsageException(
                    $"--listen {parsed.GetValue(listen)} would show the dashboard to everybody on the network: give --token-file FILE too, or listen on 127.0.0.1");
            }

            using var interrupts = services.ListenForInterrupts();
            return await services.RunDashboard(arguments, interrupts.Stop);
        });
        return command;
    }

    private static IPAddress? Address(string? given) => given switch
    {
        null => IPAddress.Loopback,
        EveryAddress => null,
        _ => IPAddress.TryParse(given, out var address) ? address : throw new UsageException($"--listen is \"{given}\"; it must be an IP address, or {EveryAddress} for all"),
    };

    /// <exception cref="UsageException">A file is not what it must be.</exception>
    private static SslStreamCertificateContext? Files(string? tokenFile, string? certificate, string? key)
    {
        try
        {
            if (tokenFile is not null)
            {
                DashboardToken.Require(tokenFile, "--token-file");
            }

            return certificate is not null
                ? SecretFiles.Client("--certificate", "--key", SecretFiles.Read("--certificate", certificate), SecretFiles.Read("--key", key ?? certificate))
                : key is null ? null : throw new UsageException("--key needs --certificate");
        }
        catch (FormatException error)
        {
            throw new UsageException(error.Message);
        }
    }
}
