using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Asks the workers every two seconds and shows what they say, until a signal ends it or nobody reads any more.</summary>
/// <param name="services">What the commands stand on.</param>
/// <param name="address">The broker.</param>
/// <param name="asPage">Whether each answer takes the place of the one before on a terminal.</param>
internal sealed class WorkersWatch(CliServices services, BrokerAddress address, bool asPage)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <summary>Does it.</summary>
    /// <param name="ask">Asks the workers once, and gives what shows their answer.</param>
    /// <exception cref="SchedulerBusException">The broker could not be reached the first time; later that is told, and it is looked for again.</exception>
    /// <exception cref="OutputClosedException">Nobody reads any more.</exception>
    public async Task<int> RunAsync(Func<IBrokerControl, CancellationToken, Task<Action>> ask)
    {
        using var interrupts = services.ListenForInterrupts();
        using var ending = new WatchEnd(interrupts, services.Screen);
        await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
        return await ending.RunAsync(async stop =>
        {
            for (var firstTime = true; ; firstTime = false)
            {
                try
                {
                    await using var control = await services.OpenBrokerControl(address, stop);
                    while (true)
                    {
                        var show = await ask(control, stop);
                        firstTime = false;
                        Clear();
                        show();
                        await Task.Delay(Every, services.Time, stop);
                    }
                }
                catch (Exception error) when (error is SchedulerBusException or CommandException && !firstTime)
                {
                    // What it showed last is no longer so.
                    Clear();
                    services.Warn($"{error.Message}; looking again every {Every.TotalSeconds:0}s");
                }

                await Task.Delay(Every, services.Time, stop);
            }
        });
    }

    private void Clear()
    {
        if (asPage)
        {
            services.Screen.Terminal?.Clear(home: true);
        }
    }
}
