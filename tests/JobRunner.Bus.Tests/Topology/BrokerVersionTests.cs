using System.Text;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Tests.Topology;

public sealed class BrokerVersionTests
{
    [Theory]
    [InlineData("3.9.29", "Wrong")]
    [InlineData("3.10.8", "Note")]
    [InlineData("3.11.0", "Good")]
    [InlineData("3.13.7+2.gabc", "Good")]
    [InlineData("4.0.0-rc.1", "Good")]
    [InlineData("10.0", "Good")]
    [InlineData("2.99.1", "Wrong")]
    [InlineData("", "Warning")]
    [InlineData("latest", "Warning")]
    public void A_version_before_3_10_is_refused_and_an_unknown_one_is_warned_of(string version, string verdict)
    {
        var finding = BrokerVersion.Check("host:5672", Properties("RabbitMQ", version));

        Assert.Equal(verdict, finding.Verdict.ToString());
        Assert.StartsWith("broker host:5672", finding.What);
        Assert.Equal(verdict == "Good", finding.Fix.Length == 0);
    }

    [Theory]
    [InlineData("3.10.8", true)]
    [InlineData("3.12.14", true)]
    [InlineData("3.13.0", false)]
    [InlineData("4.0.0-rc.1", false)]
    [InlineData("latest", false)]
    public void A_cluster_of_a_version_that_can_hold_waiting_runs_back_is_noted(string version, bool noted)
    {
        var finding = BrokerVersion.CheckCluster("host:5672", Properties("RabbitMQ", version));

        Assert.Equal(noted, finding is { Verdict: PreflightVerdict.Note });
        Assert.Equal(noted, finding is not null);
    }

    [Fact]
    public void A_broker_that_is_not_RabbitMQ_is_warned_of() =>
        Assert.Equal(PreflightVerdict.Warning, BrokerVersion.Check("host:5672", Properties("Other", "4.0.0")).Verdict);

    [Fact]
    public void A_broker_that_says_nothing_is_warned_of() =>
        Assert.Equal(PreflightVerdict.Warning, BrokerVersion.Check("host:5672", null).Verdict);

    private static Dictionary<string, object?> Properties(string product, string version) =>
        new() { ["product"] = Encoding.UTF8.GetBytes(product), ["version"] = Encoding.UTF8.GetBytes(version) };
}
