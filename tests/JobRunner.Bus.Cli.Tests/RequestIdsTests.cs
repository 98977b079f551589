using JobRunner.Bus.Cli.Files;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Cli.Tests;

public sealed class RequestIdsTests
{
    [Fact]
    public void Ids_sort_by_the_time_they_were_made()
    {
        var time = new FakeTimeProvider(Chains.Noon);
        List<string> ids = [];
        for (var i = 0; i < 50; i++)
        {
            // A new generator is another process.
            ids.Add(new RequestIds(time).Next());
            time.Advance(TimeSpan.FromSeconds(i + 1));
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    [Fact]
    public void An_id_begins_with_the_second_it_was_made_in()
    {
        // 0x4d88e15b is the second of xid's own example, 9m4e2mr0ui3e8a215n4g.
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(0x4d88e15b));

        Assert.StartsWith("9m4e2m", new RequestIds(time).Next(), StringComparison.Ordinal);
    }
}
