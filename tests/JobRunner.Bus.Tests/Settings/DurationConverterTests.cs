using System.ComponentModel;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Configuration;

namespace JobRunner.Bus.Tests.Settings;

public sealed class DurationConverterTests
{
    [Theory]
    [InlineData("30s", 30)]
    [InlineData("1m30s", 90)]
    [InlineData("1.5s", 1.5)]
    [InlineData("500ms", 0.5)]
    [InlineData("00:00:30", 30)]
    [InlineData("1.00:00:00", 86_400)]
    [InlineData(" 30s ", 30)]
    [InlineData("0s", 0)]
    [InlineData("-5s", -5)]
    public void Go_durations_and_NETs_own_are_read(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new DurationConverter().ConvertFromInvariantString(text));

    [Theory]
    [InlineData("30 seconds")]
    [InlineData("30x")]
    [InlineData("s")]
    [InlineData("soon")]
    [InlineData("1h-5m")]
    [InlineData("00:99:00")]
    [InlineData("")]
    public void Anything_else_is_an_error(string text) =>
        Assert.ThrowsAny<Exception>(() => new DurationConverter().ConvertFromInvariantString(text));

    [Fact]
    public void Configuration_is_bound_with_it()
    {
        DurationConverter.Register();

        Assert.Equal(TimeSpan.FromSeconds(90), Bind("1m30s").DrainTimeout);
    }

    [Fact]
    public void Bad_text_is_told_by_its_setting_and_value()
    {
        DurationConverter.Register();

        var error = Assert.Throws<InvalidOperationException>(() => Bind("30 seconds"));

        Assert.Contains("'30 seconds'", error.Message, StringComparison.Ordinal);
        Assert.Contains("JobRunner:Worker:DrainTimeout", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Registered_again_it_is_there_once()
    {
        DurationConverter.Register();
        DurationConverter.Register();

        Assert.IsType<DurationConverter>(TypeDescriptor.GetConverter(typeof(TimeSpan)));
    }

    private static WorkerOptions Bind(string drainTimeout) => new ConfigurationBuilder()
        .AddInMemoryCollection([KeyValuePair.Create("JobRunner:Worker:DrainTimeout", (string?)drainTimeout)])
        .Build()
        .GetSection(WorkerOptions.Section)
        .Get<WorkerOptions>()!;
}
