using System.Text;
using RabbitMQ.Client;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>
/// The least a consumer with a worker's promises can do, on RabbitMQ.Client alone: for each command publish a log and an end
/// of the same bytes, pipelined, and acknowledge once both are confirmed, as many at once as are. It keeps no state, runs no
/// job, resumes nothing and cannot be stopped.
/// </summary>
internal static class FloorProgram
{
    /// <param name="broker">Where the commands are.</param>
    /// <param name="prefetch">Commands under way at once.</param>
    /// <param name="stdout">What each job is said to have written.</param>
    public static async Task RunAsync(Uri broker, ushort prefetch, string stdout = "")
    {
        var factory = new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false };
        // Apart, as the broker holds back connections that publish faster than it writes.
        await using var consuming = await factory.CreateConnectionAsync();
        await using var publishing = await factory.CreateConnectionAsync();
        await using var intake = await consuming.CreateChannelAsync();
        await using var outlet = await publishing.CreateChannelAsync(new CreateChannelOptions(true, publisherConfirmationTrackingEnabled: false));
        await intake.BasicQosAsync(0, prefetch, global: false);
        var floor = new Floor(intake, outlet, stdout);
        await intake.BasicConsumeAsync("run-job", autoAck: false, floor);
        Console.WriteLine("ready");
        await Task.Delay(Timeout.Infinite);
    }

    /// <summary>What an end says beside its body.</summary>
    public static BasicProperties EndProperties() => new()
    {
        ContentType = "application/json",
        DeliveryMode = DeliveryModes.Persistent,
        Headers = new Dictionary<string, object?> { ["jobrunner-at"] = $"{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}" },
    };

    private sealed class Floor : AsyncDefaultBasicConsumer
    {
        private static readonly BasicProperties LogProperties = new() { ContentType = "application/json", DeliveryMode = DeliveryModes.Persistent };

        private readonly IChannel _intake;
        private readonly IChannel _outlet;
        private readonly byte[] _stdout;
        private readonly Lock _lock = new();
        private readonly HashSet<ulong> _early = [];
        private ulong _confirmed; // every publish up to it
        private ulong _acknowledged; // every delivery up to it

        public Floor(IChannel intake, IChannel outlet, string stdout)
            : base(intake)
        {
            (_intake, _outlet, _stdout) = (intake, outlet, Encoding.UTF8.GetBytes(stdout));
            outlet.BasicAcksAsync += (_, ack) => ConfirmedAsync(ack.DeliveryTag, ack.Multiple);
            outlet.BasicNacksAsync += (_, _) => throw new InvalidOperationException("the broker refused a message");
        }

        public override async Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties,
            ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        {
            // Deliveries and publishes are both numbered from 1 without gaps: delivery n has publishes 2n-1 and 2n.
            var (log, end) = FloorMessages.For(body.Span, _stdout);
            await _outlet.BasicPublishAsync("job-log-recorded", "", mandatory: true, LogProperties, log, cancellationToken);
            await _outlet.BasicPublishAsync("job-finished", "", mandatory: false, EndProperties(), end, cancellationToken);
        }

        private async Task ConfirmedAsync(ulong number, bool multiple)
        {
            ulong done;
            lock (_lock)
            {
                if (multiple)
                {
                    _confirmed = Math.Max(_confirmed, number);
                }
                else
                {
                    _early.Add(number);
                }

                while (_early.Remove(_confirmed + 1))
                {
                    _confirmed++;
                }

                done = _confirmed / 2;
                if (done <= _acknowledged)
                {
                    return;
                }

                _acknowledged = done;
            }

            await _intake.BasicAckAsync(done, multiple: true);
        }
    }
}
