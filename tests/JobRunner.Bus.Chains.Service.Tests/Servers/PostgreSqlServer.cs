using Npgsql;

namespace JobRunner.Bus.Chains.Service.Tests.Servers;

/// <summary>A PostgreSQL server. It refuses to run as root, so there it runs as its own user.</summary>
public sealed class PostgreSqlServer : PrivateServer
{
    private string Data => Path.Combine(Folder, "data");

    private static bool IsRoot => Environment.UserName == "root";

    protected override (string Program, string[] Arguments) Command => As(
        Tool("postgres"), "-D", Data, "-h", "127.0.0.1", "-p", $"{Port}", "-k", Folder, "-c", "max_connections=200");

    public override async Task<string> NewDatabaseAsync()
    {
        var name = $"t{Guid.NewGuid():N}"[..16];
        await using var connection = new NpgsqlConnection(To("postgres"));
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync();
        return To(name);
    }

    protected override async Task InstallAsync()
    {
        if (IsRoot)
        {
            await RunAsync("chown", "postgres", Folder);
        }

        var (program, arguments) = As(Tool("initdb"), "-D", Data, "-U", "tester", "--auth=trust", "-E", "UTF8", "--no-sync");
        await RunAsync(program, arguments);
    }

    protected override async Task ConnectAsync()
    {
        await using var connection = new NpgsqlConnection(To("postgres"));
        await connection.OpenAsync();
    }

    private string To(string database) => $"Host=127.0.0.1;Port={Port};Username=tester;Database={database};Timeout=5";

    private static string Tool(string name) =>
        Installed(Path.Combine(Directory.GetDirectories("/usr/lib/postgresql").Order().LastOrDefault() ?? "/usr/lib/postgresql", "bin", name), "postgresql");

    // Runs it directly, so that a signal reaches it.
    private static (string, string[]) As(string program, params string[] arguments) =>
        IsRoot ? ("setpriv", ["--reuid", "postgres", "--regid", "postgres", "--clear-groups", program, .. arguments]) : (program, arguments);
}
