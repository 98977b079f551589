using System.Text;
using JobRunner.Bus.Refusals;
using MassTransit;
using MassTransit.Serialization;

namespace JobRunner.Bus.Tests.Refusals;

/// <summary>A refused message fits into one frame with what tells why, whatever its sender put into its headers.</summary>
public sealed class HeaderRoomTests
{
    private const int Frame = 131_072;

    private readonly DictionarySendHeaders _own = new();

    public HeaderRoomTests()
    {
        _own.Set(MessageHeaders.FaultMessage, new string('r', 2000));
        _own.Set(MessageHeaders.FaultStackTrace, new string('t', 2000));
    }

    [Fact]
    public void Headers_that_fit_stay_as_they_are()
    {
        var sent = new Dictionary<string, object?> { ["a"] = new string('a', 50_000), ["b"] = 1 };

        HeaderRoom.Make(_own, sent);

        Assert.Equal(["a", "b"], sent.Keys.Order());
        Assert.Equal((2000, 2000), (Length(MessageHeaders.FaultMessage), Length(MessageHeaders.FaultStackTrace)));
    }

    [Theory]
    [InlineData(121_000)]
    [InlineData(125_000)]
    [InlineData(130_900)]
    public void Where_the_senders_headers_leave_little_room_the_reason_stays_and_all_fits(int length)
    {
        var sent = new Dictionary<string, object?>
        {
            ["small"] = "kept",
            ["text"] = Encoding.UTF8.GetBytes(new string('x', length / 2)),
            ["table"] = new Dictionary<string, object?> { ["list"] = new List<object?> { new byte[length / 2], 1L, null } },
        };

        HeaderRoom.Make(_own, sent);

        Assert.InRange(Length(MessageHeaders.FaultMessage), 500, 2000);
        Assert.Equal("kept", sent["small"]);
        var size = Length(MessageHeaders.FaultMessage) + Length(MessageHeaders.FaultStackTrace)
            + (sent.ContainsKey("text") ? length / 2 : 0) + (sent.ContainsKey("table") ? length / 2 : 0);
        Assert.InRange(size, 500, Frame - 4_000);
        Assert.Equal(sent.Count < 3, _own.TryGetHeader("jobrunner-headers-dropped", out var dropped) && dropped is string { Length: > 0 });
    }

    private int Length(string name) => _own.TryGetHeader(name, out var value) && value is string text ? text.Length : 0;
}
