using Microsoft.Data.Sqlite;

namespace JobRunner.Bus.Delivery.Sqlite;

/// <summary>Turns failures of the file into what an operator must know.</summary>
internal static class SqliteFaults
{
    public static bool IsFault(Exception error) =>
        error is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException;

    /// <summary>The failure as a delivery that can be tried again, once the reason told is mended.</summary>
    public static RetryableDeliveryException Explain(Exception error, string path)
    {
        var reason = error switch
        {
            InvalidDataException => error.Message,
            _ when Directory.Exists(path) => "is a folder; it must be a file",
            SqliteException sqlite => Reason(sqlite),
            _ => $"cannot be used: {error.Message}",
        };
        return new RetryableDeliveryException(
            $"{JobLogStoreOptions.PathSetting} \"{path}\" {reason}", innerException: error)
        {
            StoreIsDown = true,
        };
    }

    private static string Reason(SqliteException error) => error.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_NOTADB => "is not a SQLite database; move it away, or choose another file",
        SQLitePCL.raw.SQLITE_CORRUPT => "is damaged; move it away, or choose another file",
        SQLitePCL.raw.SQLITE_FULL => "cannot grow: the disk is full",
        SQLitePCL.raw.SQLITE_CANTOPEN => "cannot be opened: make its folder readable and writable for this user",
        SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_PERM => "is read-only: make it and its folder writable for this user",
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => "is kept locked by another process",
        _ => $"cannot be used: {error.Message}",
    };
}
