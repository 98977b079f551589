using JobRunner.Bus.Stops;

namespace JobRunner.Bus.Tests.Stops;

public sealed class CaughtUpMarksTests
{
    private readonly CaughtUpMarks _marks = new();

    [Fact]
    public void A_mark_is_seen_once_it_was_read()
    {
        var (mark, seen) = _marks.New();
        Assert.False(seen.IsCompleted);

        _marks.Seen(mark);

        Assert.True(seen.IsCompletedSuccessfully);
    }

    [Fact]
    public void Marks_of_other_workers_mean_nothing()
    {
        var (_, seen) = _marks.New();

        _marks.Seen("another worker's");
        _marks.Seen("");

        Assert.False(seen.IsCompleted);
    }

    [Fact]
    public void Each_mark_is_its_own()
    {
        var (first, firstSeen) = _marks.New();
        var (_, secondSeen) = _marks.New();

        _marks.Seen(first);
        _marks.Seen(first);

        Assert.True(firstSeen.IsCompleted);
        Assert.False(secondSeen.IsCompleted);
    }
}
