using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Tests.Topology;

public sealed class ConfirmPatienceTests
{
    [Fact]
    public void The_broker_is_given_more_time_after_each_silence_until_there_is_word()
    {
        var patience = new ConfirmPatience();
        List<double> seconds = [];
        for (var silence = 0; silence < 6; silence++)
        {
            seconds.Add(patience.Now.TotalSeconds);
            patience.Tried();
        }

        Assert.Equal([15, 30, 60, 120, 240, 300], seconds);
        patience.Rewarded();
        Assert.Equal(15, patience.Now.TotalSeconds);
    }
}
