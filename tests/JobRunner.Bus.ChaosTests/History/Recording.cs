using System.Text.Json;

namespace JobRunner.Bus.ChaosTests.History;

/// <summary>A history as it grows, one JSON line an event, in memory and in a file. Safe for use by any thread.</summary>
public sealed class Recording : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly Lock _lock = new();
    private readonly List<HistoryEvent> _events = [];
    private readonly StreamWriter _file;

    public Recording(string path)
    {
        Path = path;
        _file = new StreamWriter(path);
    }

    public string Path { get; }

    public void Add(HistoryEvent what)
    {
        lock (_lock)
        {
            _events.Add(what);
            _file.WriteLine(LineOf(what));
        }
    }

    public IReadOnlyList<HistoryEvent> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>An event as it stands in the file.</summary>
    public static string LineOf(HistoryEvent what) => JsonSerializer.Serialize(what, Json);

    /// <summary>Reads a history from a file.</summary>
    public static IReadOnlyList<HistoryEvent> Read(string path) =>
        [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize<HistoryEvent>(line, Json)!)];

    public void Dispose()
    {
        lock (_lock)
        {
            _file.Dispose();
        }
    }
}
