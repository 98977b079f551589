using JobRunner.Bus.Contracts;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Runs;

/// <summary>Parks runs on a timer of this process, for the in-memory transport.</summary>
internal sealed class InMemoryRelay(IBus bus, TimeProvider time, UntilAccepted until) : IRunRelay
{
    // A timer takes 49 days at most; who gets the run then sends it to wait for what is left.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(45);

    public Task RequeueAsync(CommandDelivery delivery, TimeSpan wait) =>
        SendAsync(delivery.ToSendOn().Command, LegHeaders.For(delivery, wait - Longest), wait);

    public Task SendOnAsync(RunJob next, RunLeg leg, TimeSpan wait, CancellationToken abandoned = default) =>
        SendAsync(next, LegHeaders.For(leg, time.GetUtcNow() + (wait > TimeSpan.Zero ? wait : TimeSpan.Zero), wait - Longest), wait);

    private Task SendAsync(RunJob next, Dictionary<string, object?> headers, TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero)
        {
            return SendAsync(next, headers);
        }

        _ = SendWhenDueAsync(next, headers, wait < Longest ? wait : Longest);
        return Task.CompletedTask;
    }

    private async Task SendWhenDueAsync(RunJob next, Dictionary<string, object?> headers, TimeSpan wait)
    {
        await Task.Delay(wait, time);
        // Ends otherwise only with the worker, and then there is nobody left to run it.
        await SendAsync(next, headers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task SendAsync(RunJob next, Dictionary<string, object?> headers) => until.RunAsync("a waiting run", cancellationToken =>
        bus.Publish(next, context =>
        {
            foreach (var (name, value) in headers)
            {
                context.Headers.Set(name, value, overwrite: true);
            }

            TraceHeaders.Inject(context.Headers);
        }, cancellationToken));
}
