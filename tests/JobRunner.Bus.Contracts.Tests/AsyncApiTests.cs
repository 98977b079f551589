using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using YamlDotNet.RepresentationModel;

namespace JobRunner.Bus.Contracts.Tests;

/// <summary>docs/asyncapi.yaml says what the code says.</summary>
public sealed class AsyncApiTests
{
    private static readonly YamlMappingNode Document = Load();

    public static TheoryData<string> Messages => [.. MessageTypes.All.Select(type => type.Name).Where(name => name is not (nameof(JobChain) or nameof(SuspendedJobChain)))];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_field_of_a_message_is_described_with_its_type(string message)
    {
        var type = MessageTypes.All.Single(one => one.Name == message);
        var coded = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetCustomAttribute<JsonExtensionDataAttribute>() is null)
            .Select(property => $"{JsonNamingPolicy.CamelCase.ConvertName(property.Name)}: {KindOf(property.PropertyType)}");
        var described = At("components", "schemas", message, "properties").Children
            .Select(field => $"{field.Key}: {KindOf((YamlMappingNode)field.Value)}");

        Assert.Equal(coded.Order(), described.Order());
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_example_is_read_by_the_code_and_holds_no_unknown_field(string message)
    {
        if (message == nameof(Job))
        {
            return; // It travels within RunJob only.
        }

        var examples = (YamlSequenceNode)At("components", "messages", message).Children["examples"];
        Assert.NotEmpty(examples);
        foreach (var example in examples.Cast<YamlMappingNode>())
        {
            var json = ToJson(example.Children["payload"])!;
            var type = MessageTypes.All.Single(one => one.Name == message);
            var read = MessageReader.Read(type, JsonSerializer.SerializeToUtf8Bytes(json));
            Assert.Null(type.GetProperty("Unknown")?.GetValue(read));
            if (read is RunJob command)
            {
                Assert.Empty(RunJobRules.Check(command));
            }
        }
    }

    [Fact]
    public void What_is_required_is_what_the_rules_require()
    {
        Assert.Equal(["requestId", "job"], Texts("components", "schemas", "RunJob", "required"));
        Assert.Equal(["id", "type"], Texts("components", "schemas", "Job", "required"));
        Assert.Equal(["requestId is missing or empty", "job.id is missing or empty", "job.type is missing or empty"], RunJobRules.Check(new RunJob()));
        Assert.Equal($"{RunJobRules.MaxTry - 1}", At("components", "schemas", "RunJob", "properties", "totalTries").Children["maximum"].ToString());
        Assert.Equal($"{RunJobRules.MaxTry - 1}", At("components", "schemas", "Job", "properties", "retry").Children["maximum"].ToString());
    }

    [Fact]
    public void Every_state_is_there()
    {
        Assert.Equal(Enum.GetValues<JobState>().Select(state => $"{(byte)state}"), Texts("components", "schemas", "JobState", "enum"));
        var words = At("components", "schemas", "JobState").Children["description"].ToString();
        Assert.All(Enum.GetValues<JobState>(), state => Assert.Contains($"{(byte)state} {state.ToSeedName()}", words, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Channels_are_the_exchanges_and_carry_their_messages()
    {
        // A message is what its exchange is named after, but for two that are Spin Cycle's.
        var coded = typeof(Exchanges).GetFields().Select(field => $"{field.GetRawConstantValue()} {field.Name}");
        var described = At("channels").Children.Where(channel => channel.Key.ToString() != "replies").Select(channel =>
        {
            var one = (YamlMappingNode)channel.Value;
            var exchange = (YamlMappingNode)one["bindings"]["amqp"]["exchange"];
            Assert.Equal((channel.Key, channel.Key), (one["address"], exchange["name"]));
            // To one worker, or to whoever is bound.
            Assert.Equal((channel.Key.ToString() == Exchanges.DrainWorker ? "direct" : "fanout", "true"), (exchange["type"].ToString(), exchange["durable"].ToString()));
            return $"{channel.Key} {Assert.Single(((YamlMappingNode)one["messages"]).Children).Key}";
        });

        Assert.Equal(coded.Order(), described.Order());
    }

    [Fact]
    public void Every_reference_leads_somewhere()
    {
        var references = Document.AllNodes.OfType<YamlMappingNode>()
            .Where(node => node.Children.ContainsKey("$ref")).Select(node => node["$ref"].ToString()).ToList();

        Assert.NotEmpty(references);
        Assert.All(references, reference => At(reference.TrimStart('#', '/').Split('/')));
    }

    private static string KindOf(Type type) => Nullable.GetUnderlyingType(type) is { } inner ? KindOf(inner) : type switch
    {
        _ when type == typeof(string) => "string",
        _ when type == typeof(byte[]) => "string base64",
        _ when type == typeof(DateTimeOffset) => "string date-time",
        _ when type == typeof(long) => "integer",
        _ when type == typeof(double) => "number",
        _ when type == typeof(bool) => "boolean",
        _ when type == typeof(IReadOnlyList<ChainStatus>) || type == typeof(IReadOnlyList<RunnerStatus>) => "array",
        _ when type == typeof(JsonObject) || type == typeof(IReadOnlyDictionary<string, ChainJobEnd>) => "object",
        _ => type.Name,
    };

    private static string KindOf(YamlMappingNode field)
    {
        if (field.Children.TryGetValue("$ref", out var reference))
        {
            return reference.ToString().Split('/')[^1];
        }

        var more = field.Children.TryGetValue("contentEncoding", out var encoding) ? $" {encoding}"
            : field.Children.TryGetValue("format", out var format) && format.ToString() == "date-time" ? $" {format}" : "";
        return field["type"] + more;
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(one => KeyValuePair.Create(one.Key.ToString(), ToJson(one.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(ToJson)]),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: { } text } when long.TryParse(text, out var number) => number,
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: "true" or "false" } scalar => scalar.Value == "true",
        _ => ((YamlScalarNode)node).Value,
    };

    private static IEnumerable<string> Texts(params string[] path) =>
        ((YamlSequenceNode)At(path[..^1]).Children[path[^1]]).Select(node => node.ToString());

    private static YamlMappingNode At(params string[] path) =>
        path.Aggregate(Document, (node, name) => Assert.IsType<YamlMappingNode>(node.Children[name]));

    private static YamlMappingNode Load()
    {
        var yaml = new YamlStream();
        using var file = File.OpenText(Path.Combine(AppContext.BaseDirectory, "asyncapi.yaml"));
        yaml.Load(file);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }
}
