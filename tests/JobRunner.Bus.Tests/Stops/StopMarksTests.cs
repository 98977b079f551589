using JobRunner.Bus.Stops;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Bus.Tests.Stops;

public sealed class StopMarksTests
{
    private readonly StopHearing _marks = new(TimeProvider.System, NullLogger<StopHearing>.Instance);

    [Fact]
    public void A_mark_is_seen_once_it_was_read_and_from_then_on_stops_are_heard()
    {
        _marks.Lost();
        var (mark, seen) = _marks.NewMark();
        Assert.False(seen.IsCompleted);

        _marks.Seen(mark);

        Assert.True(seen.IsCompletedSuccessfully);
        Assert.True(_marks.Hears);
    }

    [Fact]
    public void Marks_of_other_workers_mean_nothing()
    {
        _marks.Lost();
        var (_, seen) = _marks.NewMark();

        _marks.Seen("another worker's");
        _marks.Seen("");

        Assert.False(seen.IsCompleted);
        Assert.False(_marks.Hears);
    }

    [Fact]
    public void Each_mark_is_its_own()
    {
        var (first, firstSeen) = _marks.NewMark();
        var (_, secondSeen) = _marks.NewMark();

        _marks.Seen(first);
        _marks.Seen(first);

        Assert.True(firstSeen.IsCompleted);
        Assert.False(secondSeen.IsCompleted);
    }
}
