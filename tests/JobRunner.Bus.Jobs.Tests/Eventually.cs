using System.Diagnostics;

namespace JobRunner.Bus.Jobs.Tests;

internal static class Eventually
{
    /// <summary>Waits until a condition holds; fails after 20 seconds.</summary>
    public static async Task HoldsAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"waited in vain until {what}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
