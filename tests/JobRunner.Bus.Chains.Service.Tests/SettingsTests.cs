using JobRunner.Bus.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Tests;

public sealed class SettingsTests
{
    public static TheoryData<ChainsOptions, string> Wrong => new()
    {
        { new() { Store = ChainStoreKind.PostgreSql }, "JobRunner__Chains__ConnectionString is \"\"; it must say how to connect to PostgreSql" },
        { new() { Store = ChainStoreKind.MySql, ConnectionString = " " }, "JobRunner__Chains__ConnectionString is \"\"; it must say how to connect to MySql" },
        { new() { Store = (ChainStoreKind)9 }, "JobRunner__Chains__Store is \"9\"; it must be Sqlite, PostgreSql or MySql" },
        { new() { ConnectionString = "Server=db;Password=secret" }, "JobRunner__Chains__ConnectionString is no connection string of Sqlite: " },
        { new() { Store = ChainStoreKind.PostgreSql, ConnectionString = "Hots=db" }, "JobRunner__Chains__ConnectionString is no connection string of PostgreSql: " },
        { new() { Concurrency = 0 }, "JobRunner__Chains__Concurrency is \"0\"; it must be from 1 to 1000" },
        { new() { KeepEnded = TimeSpan.Zero }, "JobRunner__Chains__KeepEnded is \"00:00:00\"; it must be from 00:01:00 to " },
        { new() { PublicUrl = "chains.example.com:9090" }, "JobRunner__Chains__PublicUrl is \"chains.example.com:9090\"; it must be an address such as http://" },
        { new() { PublicUrl = "http://chains.example.com/api" }, "JobRunner__Chains__PublicUrl is \"http://chains.example.com/api\"; it must be an address such as http://" },
        { new() { SendAgainAfter = TimeSpan.Zero }, "JobRunner__Chains__SendAgainAfter is \"00:00:00\"; it must be from 00:00:01 to 01:00:00" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_setting_names_itself_and_tells_no_password(ChainsOptions options, string reason)
    {
        var failure = Assert.Single(Rules(TransportKind.RabbitMq).Validate(null, options).Failures!);

        Assert.StartsWith(reason, failure, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void The_presets_are_good_on_a_broker_and_need_one()
    {
        Assert.True(Rules(TransportKind.RabbitMq).Validate(null, new ChainsOptions()).Succeeded);
        Assert.Contains(
            "JobRunner__Worker__Roles names Chain, which needs JobRunner__Transport=RabbitMq",
            Rules(TransportKind.InMemory).Validate(null, new ChainsOptions()).Failures!);
    }

    [Theory]
    [InlineData("Strore", "MySql", "JobRunner__Chains__Strore is no setting; did you mean JobRunner__Chains__Store?")]
    [InlineData("KeepEndde", "1h", "JobRunner__Chains__KeepEndde is no setting; did you mean JobRunner__Chains__KeepEnded?")]
    [InlineData("Pigeons", "9", "JobRunner__Chains__Pigeons is no setting")]
    [InlineData("Concurrency", "many", "JobRunner__Chains__Concurrency is \"many\"; it must be a whole number")]
    [InlineData("Store", "Oracle", "JobRunner__Chains__Store is \"Oracle\"; it must be Sqlite or PostgreSql or MySql")]
    public void A_setting_that_nobody_would_read_is_told_with_what_was_meant_once(string name, string value, string says)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create($"JobRunner:Chains:{name}", (string?)value), KeyValuePair.Create("JobRunner:Chains:SendAgainAfter", (string?)"10s")]).Build();
        using var services = new ServiceCollection().AddLogging().AddJobRunner(configuration).AddJobRunnerChains(configuration).BuildServiceProvider();

        Assert.Equal([says], SettingsProblems.Of(services));
    }

    private static ChainsOptionsRules Rules(TransportKind transport) => new(
        Options.Create(new WorkerOptions { Roles = WorkerRoles.Chain }), Options.Create(new TransportOptions { Transport = transport }));
}
