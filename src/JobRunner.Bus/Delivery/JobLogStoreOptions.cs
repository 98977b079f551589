namespace JobRunner.Bus.Delivery;

/// <summary>The local job-log store, used when no Request Manager is configured. Section <c>JobRunner:JobLogStore</c>.</summary>
public sealed class JobLogStoreOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "JobRunner:JobLogStore";

    internal const string PathSetting = "JobRunner__JobLogStore__Path";

    /// <summary>
    /// The SQLite file (<c>JobRunner__JobLogStore__Path</c>); made with its folder when it is not there. Default:
    /// <c>jobrunner/job-logs.db</c> in the user's local application data folder (<c>~/.local/share</c> on Linux), or
    /// <c>job-logs.db</c> in the current folder for a user without one. Several workers on one machine may share it.
    /// </summary>
    public string Path { get; set; } = DefaultPath(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify));

    internal static string DefaultPath(string localApplicationData) =>
        string.IsNullOrEmpty(localApplicationData)
            ? "job-logs.db"
            : System.IO.Path.Combine(localApplicationData, "jobrunner", "job-logs.db");
}
