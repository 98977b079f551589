using MySqlConnector;

namespace JobRunner.Bus.Chains.Service.Tests.Servers;

/// <summary>A MariaDB server.</summary>
public sealed class MariaDbServer : PrivateServer
{
    private string Data => Path.Combine(Folder, "data");

    protected override (string Program, string[] Arguments) Command => (
        Installed("/usr/sbin/mariadbd", "mariadb-server"),
        ["--no-defaults", $"--datadir={Data}", $"--port={Port}", "--bind-address=127.0.0.1", $"--socket={Folder}/s", $"--user={Environment.UserName}", "--max-connections=200"]);

    public override async Task<string> NewDatabaseAsync()
    {
        var name = $"t{Guid.NewGuid():N}"[..16];
        await using var connection = new MySqlConnection(To("mysql"));
        await connection.OpenAsync();
        await using var create = new MySqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync();
        return To(name);
    }

    protected override Task InstallAsync() => RunAsync(
        Installed("/usr/bin/mariadb-install-db", "mariadb-server"),
        "--no-defaults", $"--datadir={Data}", $"--user={Environment.UserName}", "--auth-root-authentication-method=normal", "--skip-test-db");

    protected override async Task ConnectAsync()
    {
        await using var connection = new MySqlConnection(To("mysql"));
        await connection.OpenAsync();
    }

    private string To(string database) => $"Server=127.0.0.1;Port={Port};User=root;Database={database};Connection Timeout=5";
}
