using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Receive;

/// <summary>
/// Takes commands from the broker, beside MassTransit: as many at once as there are slots, each acknowledged after its run has
/// ended and its end is safe, or after the run is safe elsewhere. Opens a new channel where one was lost.
/// </summary>
internal sealed class CommandReceiver(
    BrokerLink link, RunDispatcher dispatcher, RefusedCommands refused, StopCatchUp stops, StopHearing hearing, UntilAccepted until, IOptions<WorkerOptions> options, ILogger<CommandReceiver> logger)
    : IDisposable
{
    private static readonly TimeSpan LongestClosing = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closeNow = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _consuming = Task.CompletedTask;
    private int _underWay = 1; // the receiver itself, until it takes no more

    /// <summary>Returns once commands are taken.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var channel = await OpenAsync(cancellationToken);
        _consuming = ConsumeAsync(channel);
    }

    private async Task<CommandChannel> OpenAsync(CancellationToken cancellationToken)
    {
        CommandChannel? opened = null;
        await until.RunAsync("a consumer of commands", async token => opened = await CommandChannel.OpenAsync(
            await link.OpenAsync("commands", token), Names.RunJob, (ushort)options.Value.Slots, Handle, token), cancellationToken);
        return opened!;
    }

    private async Task ConsumeAsync(CommandChannel channel)
    {
        var stopping = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stopping.Token);
        try
        {
            while (await Task.WhenAny(channel.Ended, stopping) != stopping)
            {
                BrokerLog.ConsumerLost(logger, await channel.Ended);
                await channel.DisposeAsync();
                // A stop sent before a command must be read before it, and may be on a connection that is not back yet.
                await hearing.WaitAsync(stops.RunAsync(_stopping.Token), _stopping.Token);
                channel = await OpenAsync(_stopping.Token);
            }

            await channel.StopIntakeAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Leave();
            await Task.WhenAny(_idle.Task, _closeNow.Task);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Told to end while there was no channel.
            Leave();
            return;
        }

        await channel.DisposeAsync();
    }

    /// <summary>Takes no more commands.</summary>
    public void StopIntake() => _stopping.Cancel();

    /// <summary>Lets the deliveries under way end, then closes; what has not ended by then goes back to its queue.</summary>
    public async Task CloseAsync()
    {
        await _idle.Task.WaitAsync(LongestClosing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closeNow.TrySetResult();
        await _consuming.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Handle(CommandChannel channel, ReceivedCommand command)
    {
        Interlocked.Increment(ref _underWay);
        _ = HandleAsync(channel, command);
    }

    private async Task HandleAsync(CommandChannel channel, ReceivedCommand command)
    {
        try
        {
            await RunOrRefuseAsync(channel, command);
            channel.Acknowledge(command.Tag);
        }
        catch (Exception error) when (error is GivenBackException or OperationCanceledException)
        {
            // Where the delivery was lost there is nothing to give back; the run, if any, lives on.
            await channel.GiveBackAsync(command.Tag);
        }
        finally
        {
            Leave();
        }
    }

    private async Task RunOrRefuseAsync(CommandChannel channel, ReceivedCommand command)
    {
        using var span = MessageSpans.Process(TraceHeaders.Extract(command.Properties.Headers), Names.RunJob, command.Redelivered);
        try
        {
            var delivery = command.Read(options.Value);
            span.Of(delivery.Command.RequestId, delivery.Command.Job.Id, delivery.Command.Job.Type);
            // A delivery that is lost (channel closed, consumer timeout) is let go of at once; the run does not depend on it.
            await dispatcher.RunAsync(delivery, channel.Lost);
        }
        catch (Exception error)
        {
            span.Failed(error);
            if (error is GivenBackException or OperationCanceledException)
            {
                throw;
            }

            await refused.RefuseAsync(command, error, channel.Lost);
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
        {
            _idle.TrySetResult();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();
}
