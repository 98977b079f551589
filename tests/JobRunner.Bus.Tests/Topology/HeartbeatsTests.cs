using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Tests.Topology;

/// <summary>Heartbeats go by the lease: a worker that fell silent must be cut off everywhere before another takes its runs over.</summary>
public sealed class HeartbeatsTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2.9, 1)]
    [InlineData(3, 2)]
    [InlineData(10, 5)]
    [InlineData(60, 10)]
    [InlineData(3600, 10)]
    public void They_are_half_the_lease_in_whole_seconds_from_1_s_to_10_s(double lease, double heartbeat) =>
        Assert.Equal(TimeSpan.FromSeconds(heartbeat), Heartbeats.For(TimeSpan.FromSeconds(lease)));

    [Fact]
    public void The_broker_has_closed_all_connections_of_a_silent_worker_when_the_wait_of_a_claim_is_over()
    {
        for (var lease = 2.0; lease <= 60; lease += 0.1)
        {
            // BrokerLeases waits the lease, and a quarter of it or a second more.
            var claim = lease + Math.Min(1, lease / 4);
            // Silent connections are closed after one to two heartbeats, and the last sign of life was up to half of one ago.
            var spread = 1.5 * Heartbeats.For(TimeSpan.FromSeconds(lease)).TotalSeconds;
            Assert.True(spread <= claim, $"lease {lease} s: connections close up to {spread} s apart, a claim waits {claim} s");
        }
    }
}
