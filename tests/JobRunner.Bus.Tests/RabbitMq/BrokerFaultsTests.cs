using JobRunner.Bus.RabbitMq;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Tests.RabbitMq;

public sealed class BrokerFaultsTests
{
    [Fact]
    public void A_wrong_password_is_a_refusal()
    {
        var refused = new BrokerUnreachableException(new AuthenticationFailureException("ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN."));

        var address = new BrokerAddress(new RabbitMqOptions { Uri = "amqp://me:secret@there:5672/there" });
        Assert.StartsWith("the broker at there:5672 refused user \"me\": wrong password", BrokerFaults.Describe(refused, address), StringComparison.Ordinal);
        Assert.StartsWith("it refused the login (wrong password", BrokerFaults.Reason(refused), StringComparison.Ordinal);
        Assert.True(BrokerFaults.IsRefusal(refused));
    }

    [Fact]
    public void A_broker_that_is_killed_as_a_worker_logs_in_has_refused_nobody()
    {
        var cut = Interrupted(541, "Unexpected Exception");
        var killed = new BrokerUnreachableException(new PossibleAuthenticationFailureException("Possibly caused by authentication failure", cut));

        Assert.False(BrokerFaults.IsRefusal(killed));
    }

    [Theory]
    [InlineData(530, "NOT_ALLOWED - vhost there not found", true)]
    [InlineData(530, "NOT_ALLOWED - access to vhost 'there' refused for user 'me'", true)]
    [InlineData(403, "ACCESS_REFUSED - no access", true)]
    [InlineData(530, "NOT_ALLOWED - access to vhost 'there' refused for user 'me': vhost 'there' is down", false)]
    [InlineData(320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'", false)]
    public void A_virtual_host_that_lets_nobody_in_is_a_refusal_unless_it_is_still_starting(ushort code, string text, bool refuses) =>
        Assert.Equal(refuses, BrokerFaults.IsRefusal(Interrupted(code, text)));

    [Theory]
    [InlineData("NOT_FOUND - home node 'rabbit@there' of durable queue 'stop-job' in vhost '/' is down or inaccessible", "the broker at there:5672 is still starting: NOT_FOUND - home node")]
    [InlineData("NOT_FOUND - no queue 'stop-job' in vhost '/'", "no worker has ever connected to this broker")]
    public void A_stream_that_is_not_back_yet_is_told_from_one_that_never_was(string text, string told) => Assert.StartsWith(
        told, BrokerFaults.Describe(Interrupted(404, text), new BrokerAddress(new RabbitMqOptions { Uri = "amqp://there" })), StringComparison.Ordinal);

    private static OperationInterruptedException Interrupted(ushort code, string text) =>
        new(new ShutdownEventArgs(ShutdownInitiator.Peer, code, text));

    [Theory]
    [InlineData("PRECONDITION_FAILED - message size 1500000 is larger than configured max size 1000000", "the broker at there:5672 takes no message of more than 1000000 bytes (its max_message_size)")]
    [InlineData("PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'run-job'", "a queue of this name is there already, declared otherwise")]
    public void A_message_that_is_too_large_is_not_taken_for_a_queue_that_is_declared_otherwise(string text, string told) => Assert.StartsWith(
        told, BrokerFaults.Describe(Interrupted(406, text), new BrokerAddress(new RabbitMqOptions { Uri = "amqp://there" })), StringComparison.Ordinal);
}
