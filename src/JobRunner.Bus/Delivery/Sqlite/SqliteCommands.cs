using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace JobRunner.Bus.Delivery.Sqlite;

/// <summary>Short forms for statements without user input.</summary>
internal static class SqliteCommands
{
    [SuppressMessage("Security", "CA2100", Justification = "Only constants of this folder are passed.")]
    public static void Execute(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    [SuppressMessage("Security", "CA2100", Justification = "Only constants of this folder are passed.")]
    public static long Number(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() as long? ?? 0;
    }
}
