using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace JobRunner.Bus.Delivery.Sqlite;

/// <summary>Whether the file of a connection is still the one at its path: what is written to a deleted file is gone, without any error.</summary>
internal static class SqliteFileIdentity
{
    // SQLITE_FCNTL_HAS_MOVED: SQLite compares the inode that it holds with the one at the path.
    private const int HasMovedOperation = 20;

    /// <summary>Whether the file was removed, moved away or replaced since it was opened.</summary>
    public static bool HasMoved(this SqliteConnection connection)
    {
        var moved = 0;
        return FileControl(connection.Handle!.DangerousGetHandle(), 0, HasMovedOperation, ref moved) == SQLitePCL.raw.SQLITE_OK && moved != 0;
    }

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern int FileControl(nint database, nint name, int operation, ref int argument);
}
