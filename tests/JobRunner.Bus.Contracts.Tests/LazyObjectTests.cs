using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace JobRunner.Bus.Contracts.Tests;

/// <summary>Objects that stay bytes until they are asked for: nobody can tell, but for their weight.</summary>
public sealed class LazyObjectTests
{
    [Theory]
    [InlineData("""{"a":1,"a":2}""", "the body is not the JSON of a RunJob at $.jobData (line 1, byte 41): duplicate field \"a\"")]
    [InlineData("""{"b":[{"a":1},{"a":1,"\u0061":2}]}""", "the body is not the JSON of a RunJob at $.jobData (line 1, byte 62): duplicate field \"a\"")]
    [InlineData("\"x\"", "the body is not the JSON of a RunJob at $.jobData (line 1, byte 31): it must be an object")]
    [InlineData("[0]", "the body is not the JSON of a RunJob at $.jobData (line 1, byte 31): it must be an object")]
    [InlineData("""{"a":}""", "the body is not the JSON of a RunJob at $.jobData (line 1, byte 33): '}' is an invalid start of a value")]
    [InlineData("""{"a" 1}""", "the body is not the JSON of a RunJob at $.jobData (line 1, byte 33): '1' is invalid after a property name. Expected a ':'")]
    [InlineData("""{"a":01}""", "the body is not the JSON of a RunJob at $.jobData (line 1, byte 34): Invalid leading zero before '1'")]
    [InlineData("""{"a":[1,2}""", "the body is not the JSON of a RunJob at $.jobData (line 1, byte 37): '}' is invalid without a matching open")]
    public void What_is_wrong_in_one_is_told_as_in_any_other(string jobData, string message) => Assert.Equal(
        message, Assert.Throws<WireFormatException>(() => Read($$"""{"requestId":"r","jobData":{{jobData}},"x":1}""")).Message);

    [Theory]
    [InlineData("""{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}],"A":0,"":{"":[]}}""")]
    [InlineData("""{"aa":1,"aA":2,"Aa":3,"AA":4}""")]
    public void Names_that_differ_or_are_apart_are_not_taken_for_one(string jobData)
    {
        var command = Read($$"""{"jobData":{{jobData}}}""");

        Assert.NotNull(command.JobDataText.Utf8);
        Assert.Equal(jobData, command.JobData.ToJsonString());
    }

    [Fact]
    public void A_name_given_twice_is_found_among_many()
    {
        var names = string.Join(',', Enumerable.Range(0, 20_000).Select(n => $"\"name{n}\":{n}"));
        Assert.Equal(20_000, Read("{\"jobData\":{" + names + "}}").JobData.Count);

        Assert.Throws<WireFormatException>(() => Read("{\"jobData\":{" + names + ",\"name7\":1}}"));
    }

    [Fact]
    public void What_nobody_asks_for_stays_bytes_also_as_it_is_passed_on()
    {
        var command = Read("""{"job":{"args":{ "a" : "\u003c" },"data":{"b":1}},"jobData":{"c":[ 1.10 , null ]}}""");
        var next = command with { PrevTries = 1 };

        var written = Encoding.UTF8.GetString(Wire.Serialize(next));

        Assert.Contains("""
            "args":{ "a" : "\u003c" },"data":{"b":1}
            """, written, StringComparison.Ordinal);
        Assert.Contains("""
            "jobData":{"c":[ 1.10 , null ]}
            """, written, StringComparison.Ordinal);
        Assert.All([next.JobDataText, next.Job.ArgsText, next.Job.DataText], text => Assert.NotNull(text!.Utf8));
    }

    [Fact]
    public void Whoever_asks_gets_the_same_object_and_what_is_written_to_it_is_passed_on()
    {
        var command = Read("""{"jobData":{"a":1}}""");
        var next = command with { PrevTries = 1 };

        command.JobData["b"] = 2;

        Assert.Same(command.JobData, next.JobData);
        Assert.Equal(command with { PrevTries = 1 }, next);
        Assert.Equal(command.GetHashCode(), (command with { PrevTries = 0 }).GetHashCode());
        Assert.Contains("""
            {"a":1,"b":2}
            """, Encoding.UTF8.GetString(Wire.Serialize(next)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_is_its_own()
    {
        var text = Read("""{"jobData":{"a":1}}""").JobDataText;
        var copy = text.Copy();
        Assert.True(text.Holds(copy));
        copy["a"] = 2;

        Assert.False(text.Holds(copy));
        Assert.NotNull(text.Utf8);
        Assert.Equal(1, (int)text.Value["a"]!);
        Assert.Equal(1, (int)text.Copy()["a"]!);
    }

    [Fact]
    public void An_object_becomes_bytes_again_unless_JSON_has_no_word_for_it()
    {
        var text = new LazyObject(new JsonObject { ["a"] = 1, ["b"] = "ü" });
        Assert.Equal("""{"a":1,"b":"ü"}""", Encoding.UTF8.GetString(text.AsBytes().Utf8!));

        var nameless = new LazyObject(new JsonObject { ["a"] = double.NaN });
        Assert.Same(nameless, nameless.AsBytes());
    }

    [Fact]
    public void Names_are_told_apart_as_objects_tell_them() => Gen.OneOf(new[] { "a", "b", "\\u0061", "A", "" }.Select(name => Gen.Const(name)).ToArray()).Array[0, 5].Array[1, 3].Sample(objects =>
    {
        var json = "{" + string.Join(',', objects.Select((names, n) => $"\"{n}\":{{{string.Join(',', names.Select(name => $"\"{name}\":0"))}}}")) + "}";
        var twice = objects.Any(names => names.Select(name => name == "\\u0061" ? "a" : name).Distinct().Count() != names.Length);
        var body = $$"""{"jobData":{{json}}}""";

        if (twice)
        {
            Assert.Throws<WireFormatException>(() => Read(body));
        }
        else
        {
            Assert.NotNull(Read(body).JobDataText.Utf8);
        }
    });

    private static RunJob Read(string json) => Wire.Deserialize<RunJob>(Encoding.UTF8.GetBytes(json));
}
