using System.Text;
using System.Text.Json.Nodes;

namespace JobRunner.Bus.Contracts.Tests;

public sealed class PayloadTests
{
    public static TheoryData<string, string> Misfits => new()
    {
        { "{}", "\"path\" is missing; it must be text; \"copies\" is missing; it must be a whole number from 0 to 255" },
        { """{"path": null, "copies": 1}""", "\"path\" is null; it must be text" },
        { """{"path": "a", "copies": null}""", "\"copies\" is null; it must be a whole number from 0 to 255" },
        { """{"path": "a", "copies": 256}""", "\"copies\" must be a whole number from 0 to 255" },
        { """{"path": "a", "copies": 1.5}""", "\"copies\" must be a whole number from 0 to 255" },
        { """{"path": {}, "copies": "1"}""", "\"path\" must be text; \"copies\" must be a whole number from 0 to 255" },
        { """{"path": "a", "copies": 1, "side": "middle"}""", "\"side\" must be one of \"Left\", \"Right\"" },
        { """{"path": "a", "copies": 1, "due": "soon"}""", "\"due\" must be a time such as \"2026-01-02T03:04:05Z\"" },
        { """{"path": "a", "copies": 1, "to": [{"name": "x"}, {}, 7]}""", "\"to[1].name\" is missing; it must be text; \"to[2]\" must be an object" },
        { """{"path": "a", "copies": 1, "to": "x"}""", "\"to\" must be an array" },
        { """{"path": "a", "copies": 1, "labels": {"a": 1}}""", "\"labels.a\" must be text" },
        { """{"path": "a", "copies": 1, "bytes": "§"}""", "\"bytes\" must be base64 text" },
        { "[]", "the whole must be an object with \"path\" (text), \"copies\" (a whole number from 0 to 255), \"side\" (one of \"Left\", \"Right\", may be absent)" },
        { "null", "the whole must be an object with \"path\" (text)" },
        { "", "empty; expected is JSON: an object with \"path\" (text)" },
        { "{", "no JSON (line 1, byte 2): " },
        { "path=a", "no JSON (line 1, byte 1): " },
        { """{"path": "a", "path": "b", "copies": 1}""", "expected is an object with \"path\" (text)" },
        { """{"path": "a", "copies": 1} more""", "expected is an object with \"path\" (text)" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void Bytes_that_do_not_fit_are_told_by_field_and_what_is_expected(string json, string problem)
    {
        var told = Assert.Throws<FormatException>(() => Payload.Read<Print>(Encoding.UTF8.GetBytes(json))).Message;

        Assert.StartsWith(problem, told, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", told, StringComparison.Ordinal);
        Assert.DoesNotContain(nameof(PayloadTests), told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_payload_comes_back_as_it_was_written()
    {
        var print = new Print("ü<&>", 255, Side.Right, DateTimeOffset.UnixEpoch, [new("x")], new() { ["A"] = "b" }, [1, 2]);
        var read = Payload.Read<Print>(Payload.Write(print));

        Assert.Equal(Encoding.UTF8.GetString(Payload.Write(print)), Encoding.UTF8.GetString(Payload.Write(read)));
        Assert.Equal((print.Path, print.Copies, print.Side, print.Due, print.To!.Single()), (read.Path, read.Copies, read.Side, read.Due, read.To!.Single()));
    }

    [Fact]
    public void What_may_be_null_and_what_has_a_default_may_be_absent_and_what_is_unknown_is_ignored() =>
        Assert.Equal(new Print("a", 1), Payload.Read<Print>("""{"PATH": "a", "copies": 1, "colour": "red"}"""u8));

    [Fact]
    public void Job_data_without_the_value_or_with_another_say_so()
    {
        var data = new JsonObject { ["n"] = "three" };

        Assert.Equal("\"m\" of the job data: empty; expected is JSON: a whole number", Assert.Throws<FormatException>(() => data.Read<int>("m")).Message);
        Assert.Equal("\"n\" of the job data: the whole must be a whole number", Assert.Throws<FormatException>(() => data.Read<int>("n")).Message);
        data.Write("n", 3);
        Assert.Equal(3, data.Read<int>("n"));
    }

    private enum Side
    {
        Left,
        Right,
    }

    private sealed record Receiver(string Name);

    private sealed record Print(
        string Path,
        byte Copies,
        Side Side = Side.Left,
        DateTimeOffset? Due = null,
        IReadOnlyList<Receiver>? To = null,
        Dictionary<string, string>? Labels = null,
        byte[]? Bytes = null);
}
