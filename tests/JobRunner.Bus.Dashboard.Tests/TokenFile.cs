namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>A file with a token, in a folder that goes with it.</summary>
internal sealed class TokenFile : IDisposable
{
    public const string Token = "4fjZ0kQm2b7Xw9Rt";

    private readonly string _folder = Directory.CreateTempSubdirectory("jobrunner-token-").FullName;

    public TokenFile(string text = Token + "\n") => Write(text);

    public string Path => System.IO.Path.Combine(_folder, "token");

    /// <summary>A dashboard that asks for it.</summary>
    public DashboardOptions Options => new() { TokenFile = Path };

    public void Write(string text) => File.WriteAllText(Path, text);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
