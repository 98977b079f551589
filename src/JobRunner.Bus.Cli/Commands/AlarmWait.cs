using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Waits, for a while and not without a word, until the broker takes messages.</summary>
internal static class AlarmWait
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <exception cref="CommandException">The broker has an alarm that does not end; nothing was sent.</exception>
    public static async Task UntilItEndsAsync(CliServices services, BrokerAddress address, CancellationToken stop)
    {
        var start = services.Time.GetTimestamp();
        for (var looks = 0; await services.LookForAlarm(address, stop) is { } alarm; looks++)
        {
            if (looks == 0)
            {
                services.Screen.Error.WriteLine(
                    $"jobrunner: the broker has an alarm ({alarm}) and takes no messages; waiting {Longest.TotalSeconds:0}s for its end");
            }

            if (services.Time.GetElapsedTime(start) >= Longest)
            {
                throw new CommandException($"the broker has an alarm ({alarm}) and takes no messages, so nothing was sent. See: rabbitmq-diagnostics alarms");
            }

            await Task.Delay(LookEvery, services.Time, stop);
        }
    }
}
