using JobRunner.Bus.Dashboard.Watch;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>Who reads and who changes the error queues take turns.</summary>
public sealed class ErrorLookTests
{
    [Fact]
    public async Task One_change_comes_after_another_and_a_look_after_both()
    {
        await using var host = await OwnHost.StartAsync(options: new DashboardOptions { AllowActions = true });
        var look = host.Services.GetRequiredService<ErrorLook>();
        var first = new TaskCompletionSource<int>();
        var second = new TaskCompletionSource<int>();
        var begun = 0;
        var changes = new[] { first, second }.Select(change => look.AloneAsync(
            () =>
            {
                begun++;
                return change.Task;
            },
            CancellationToken.None)).ToList();
        var looking = look.ReadAsync(CancellationToken.None);

        Assert.Equal((1, true), (begun, look.IsTaken));
        first.SetResult(1);
        Assert.Equal(1, await changes[0]);
        await Eventually.HoldsAsync("the second begins", () => Volatile.Read(ref begun) == 2);
        Assert.False(looking.IsCompleted);
        second.SetResult(2);
        await Task.WhenAll(changes);
        Assert.NotNull((await looking).Trouble);
    }
}
