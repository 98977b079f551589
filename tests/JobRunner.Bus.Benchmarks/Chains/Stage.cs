using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Chains;

/// <summary>Instances of the chain service on a new virtual host and a new, empty store, and one worker that runs their jobs.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;

    /// <summary>The instances.</summary>
    public List<Child> Instances { get; } = [];

    /// <summary>The worker.</summary>
    public required Child Worker { get; init; }

    public required ChainLoad Load { get; init; }

    public required Uri Broker { get; init; }

    /// <summary>How to connect to the store's server; absent: a SQLite file.</summary>
    public string? Database { get; private init; }

    public static async Task<Stage> OpenAsync(RabbitMqNode node, PrivateServer? server, int instances)
    {
        var broker = node.UriOf(await node.NewVirtualHostAsync());
        var database = server is null ? null : await server.NewDatabaseAsync();
        // First: it makes what the chains' sender listens to.
        var worker = await Child.WorkerAsync(broker, ("Worker__Roles", "Run"), ("Worker__Slots", "128"));
        List<Child> started = [];
        var folder = Directory.CreateTempSubdirectory("jobrunner-bench-");
        for (var i = 0; i < instances; i++)
        {
            started.Add(await Child.WorkerAsync(
                broker,
                ("Worker__Roles", "Chain"),
                ("Chains__Store", server switch { PostgreSqlServer => "PostgreSql", MariaDbServer => "MySql", _ => "Sqlite" }),
                ("Chains__ConnectionString", database ?? $"Data Source={Path.Combine(folder.FullName, "chains.db")}")));
        }

        var stage = new Stage(folder) { Broker = broker, Worker = worker, Load = await ChainLoad.OpenAsync(broker), Database = database };
        stage.Instances.AddRange(started);
        return stage;
    }

    private Stage(DirectoryInfo folder) => _folder = folder;

    public async ValueTask DisposeAsync()
    {
        await Load.DisposeAsync();
        foreach (var process in Instances.Append(Worker))
        {
            await process.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }
}
