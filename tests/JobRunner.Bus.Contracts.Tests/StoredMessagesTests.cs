using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts.Tests;

/// <summary>
/// Messages as earlier versions wrote them: they wait in queues, streams and error queues while workers are exchanged. The
/// files of a version are never changed.
/// </summary>
public sealed class StoredMessagesTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Stored");

    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Folder, "*.json", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Folder, file)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_message_stored_by_an_earlier_version_is_read_with_every_field_known(string file)
    {
        var (type, stored) = Load(file);

        var read = MessageReader.Read(type, stored);

        // A field that went to the unknown ones has lost its meaning.
        Assert.Empty(UnknownOf(read));
        if (read is RunJob command && command.RequestId.Length > 0)
        {
            Assert.Empty(RunJobRules.Check(command));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void What_was_stored_is_still_there_when_it_is_written_again(string file)
    {
        var (type, stored) = Load(file);

        var written = JsonNode.Parse(MessageReader.Write(type, MessageReader.Read(type, stored)))!;

        foreach (var (name, value) in JsonNode.Parse(stored)!.AsObject())
        {
            Assert.True(JsonNode.DeepEquals(value, written[name]), $"{name}: {value?.ToJsonString()} became {written[name]?.ToJsonString()}");
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_message_of_a_later_version_is_read_and_what_is_new_in_it_passed_on(string file)
    {
        var (type, stored) = Load(file);
        var later = JsonNode.Parse(stored)!.AsObject();
        later["fromALaterVersion"] = new JsonObject { ["kept"] = true };

        var read = MessageReader.Read(type, Encoding.UTF8.GetBytes(later.ToJsonString()));
        var written = JsonNode.Parse(MessageReader.Write(type, read))!;

        // Only what workers pass on has to keep it.
        if (type.GetProperty("Unknown") is not null)
        {
            Assert.True((bool)written["fromALaterVersion"]!["kept"]!);
        }
    }

    [Fact]
    public void Each_message_type_is_stored()
    {
        var stored = Directory.GetFiles(Path.Combine(Folder, "0.1")).Select(file => Path.GetFileName(file).Split('.')[0]).ToHashSet();

        Assert.Subset(stored, MessageTypes.All.Select(type => type.Name).Where(name => name != nameof(Job)).ToHashSet());
    }

    private static (Type Type, byte[] Body) Load(string file) =>
        (MessageTypes.All.Single(type => type.Name == Path.GetFileName(file).Split('.')[0]), File.ReadAllBytes(Path.Combine(Folder, file)));

    private static IEnumerable<string> UnknownOf(object? message) => message switch
    {
        null => [],
        RunJob command => Own(command).Concat(Own(command.Job)),
        JobChain chain => Own(chain).Concat(chain.Jobs.Values.SelectMany(Own)),
        _ => Own(message),
    };

    private static IEnumerable<string> Own(object message) =>
        message.GetType().GetProperties()
            .Where(property => property.IsDefined(typeof(JsonExtensionDataAttribute), inherit: false))
            .SelectMany(property => ((IDictionary<string, JsonElement>?)property.GetValue(message))?.Keys ?? []);
}
