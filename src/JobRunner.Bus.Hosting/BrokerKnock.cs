using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Hosting;

/// <summary>
/// Asks the broker once before anything starts. A broker that refuses the worker will refuse it again: that ends the process. One
/// that is not there may come: the worker waits for it and says so.
/// </summary>
internal static class BrokerKnock
{
    private const int TlsAttempts = 5;

    private static readonly TimeSpan BetweenTlsAttempts = TimeSpan.FromSeconds(2);

    /// <exception cref="HostRefusedException">The broker refuses the worker.</exception>
    public static async Task RequireAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var options = services.GetRequiredService<IOptions<RabbitMqOptions>>().Value;
        if (services.GetRequiredService<IOptions<TransportOptions>>().Value.Transport != TransportKind.RabbitMq || options.Patience > TimeSpan.Zero)
        {
            // Where there is patience, preflight asks again and again.
            return;
        }

        var address = new BrokerAddress(options);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await address.ConnectAsync("jobrunner worker (check)", null, cancellationToken);
                return;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && (BrokerFaults.IsBrokers(error) || error is OperationCanceledException))
            {
                var what = BrokerFaults.Describe(error, address);
                if (BrokerFaults.IsRefusal(error) || (BrokerFaults.IsTls(error) && attempt == TlsAttempts))
                {
                    throw new HostRefusedException(what, error);
                }

                if (!BrokerFaults.IsTls(error))
                {
                    BrokerLog.NotThereYet(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(BrokerKnock)), what);
                    return;
                }
            }

            // Certificates may be in the middle of being renewed.
            await Task.Delay(BetweenTlsAttempts, TimeProvider.System, cancellationToken);
        }
    }
}
