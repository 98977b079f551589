namespace JobRunner.Bus.Chains.Service;

/// <summary>What holds the chains.</summary>
public enum ChainStoreKind
{
    /// <summary>A file: one service on one machine.</summary>
    Sqlite,

    /// <summary>A PostgreSQL server: any number of instances.</summary>
    PostgreSql,

    /// <summary>A MySQL or MariaDB server: any number of instances.</summary>
    MySql,
}

/// <summary>Section <c>JobRunner:Chains</c>: the chain service, role <c>Chain</c>. Durations are Go durations or <c>hh:mm:ss</c>.</summary>
public sealed class ChainsOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "JobRunner:Chains";

    /// <summary>What holds the chains, default <c>Sqlite</c>.</summary>
    public ChainStoreKind Store { get; set; } = ChainStoreKind.Sqlite;

    /// <summary>
    /// How to connect to the store; for <c>Sqlite</c> absent: the file <c>chains.db</c> in the current folder. The database must
    /// exist; its tables are made and brought up to date by the service.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// How many events of one queue are worked on at once, 1 to 1,000; default 64. Most of them wait for the broker: an instance has no more
    /// connections to its store than <c>Maximum Pool Size</c> in the connection string says, 20 if it does not.
    /// </summary>
    public int Concurrency { get; set; } = 64;

    /// <summary>
    /// How long chains are kept after their end, 1 min to 10 years; default 7 days. A chain that is sent again within this time is
    /// not run again.
    /// </summary>
    public TimeSpan KeepEnded { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long what follows from an event may be unsent before it is sent again, 1 s to 1 hour; default 10 s.</summary>
    public TimeSpan SendAgainAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Base of the address that a Request Manager is given for a chain it has posted, such as <c>http://chains.example.com:9090</c>: it sends
    /// stops and questions about the request there. Several instances give the address that they share. Absent
    /// (default): the address at which this worker was asked.
    /// </summary>
    public string? PublicUrl { get; set; }
}
