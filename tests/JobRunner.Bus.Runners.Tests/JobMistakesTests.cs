using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Mistakes of job authors that are told when the host starts, not at the first command.</summary>
public sealed class JobMistakesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData(" backup")]
    [InlineData("backup ")]
    [InlineData("back\nup")]
    [InlineData("a-name-of-more-bytes-than-the-column-of-the-Request-Managers-table-holds-üüü")]
    public void A_name_that_schedulers_would_not_find_is_refused(string type) =>
        Assert.Equal("type", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddJob<Good>(type)).ParamName);

    [Theory]
    [InlineData("backup")]
    [InlineData("Back up, all")]
    [InlineData("ü")]
    public void Any_other_name_will_do(string type) => Assert.Single(new ServiceCollection().AddJob<Good>(type));

    [Fact]
    public void A_payload_that_no_JSON_makes_is_told_when_the_job_is_registered()
    {
        var mistake = Assert.Throws<ArgumentException>(() => new ServiceCollection().AddJob<GivenAnInterface>("x")).Message;

        Assert.Contains($"no payload {typeof(IFormattable)} of {typeof(GivenAnInterface)} can be read from JSON", mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_with_required_members_is_refused() => Refused<Demanding>("has required members, which nobody sets");

    [Fact]
    public void Required_members_that_the_constructor_sets_are_no_mistake() => Assert.Single(new ServiceCollection().AddJob<Satisfied>("a"));

    [Fact]
    public void An_async_void_method_is_refused_by_name() => Refused<Careless>("Hasty.Prepare is async void");

    [Fact]
    public void An_abstract_class_is_refused() => Refused<Unfinished>("is abstract");

    [Fact]
    public async Task Several_public_constructors_need_a_mark()
    {
        Assert.Equal(
            $"Job type \"two\": {typeof(Torn)} has 2 public constructors; leave one, or mark one with [ActivatorUtilitiesConstructor].",
            await StartAsync(services => services.AddJob<Torn>("two")));
        Assert.Null(await StartAsync(services => services.AddJob<Decided>("two")));
    }

    [Fact]
    public async Task A_service_that_is_not_registered_is_told_with_its_key()
    {
        Assert.Equal(
            $"Job type \"keyed\": the constructor of {typeof(Keyed)} asks for System.Uri with key \"vault\", which no service is registered for.",
            await StartAsync(services => services.AddJob<Keyed>("keyed").AddSingleton(new Uri("http://a"))));
        Assert.Null(await StartAsync(services => services.AddJob<Keyed>("keyed").AddKeyedSingleton("vault", new Uri("http://a"))));
    }

    private static void Refused<TJob>(string says)
        where TJob : class, IJob
    {
        var services = new ServiceCollection();
        var error = Assert.Throws<ArgumentException>(() => services.AddJob<TJob>("mine"));
        Assert.StartsWith("Job type \"mine\": ", error.Message);
        Assert.Contains(says, error.Message);
        Assert.Empty(services);
    }

    private static async Task<string?> StartAsync(Action<IServiceCollection> add)
    {
        var collection = new ServiceCollection().AddRunners();
        add(collection);
        await using var services = collection.BuildServiceProvider();
        return Record.Exception(() => services.GetRequiredService<IJobFactory>())?.Message;
    }

    private class Good : IJob
    {
        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => Task.FromResult(JobResult.Complete());
    }

    private abstract class Unfinished : Good;

    private sealed class Demanding : Good
    {
        public required string Path { get; init; }
    }

    [method: System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    private sealed class Satisfied() : Good
    {
        public required string Path { get; init; } = "/";
    }

    private class Hasty : Good
    {
        protected int Prepared { get; private set; }

        protected async void Prepare()
        {
            await Task.Yield();
            Prepared++;
        }
    }

    private sealed class Careless : Hasty;

    private sealed class Torn : Good
    {
        public Torn()
        {
        }

        public Torn(TimeProvider time) => Time = time;

        public TimeProvider? Time { get; }
    }

    private sealed class Decided : Good
    {
        public Decided()
        {
        }

        [ActivatorUtilitiesConstructor]
        public Decided(TimeProvider time) => Time = time;

        public TimeProvider? Time { get; }
    }

    private sealed class Keyed([FromKeyedServices("vault")] Uri address) : Good
    {
        public override string ToString() => address.ToString();
    }

    private sealed class GivenAnInterface : IJob<IFormattable>
    {
        public Task<JobResult> RunAsync(IFormattable payload, JobRunContext context, CancellationToken stopToken) => Task.FromResult(JobResult.Complete());
    }
}
