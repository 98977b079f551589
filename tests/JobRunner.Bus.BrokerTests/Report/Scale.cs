using System.Globalization;

namespace JobRunner.Bus.BrokerTests.Report;

/// <summary>How much a test does: little in every run, more when the environment asks for it.</summary>
internal static class Scale
{
    /// <summary>The number in an environment variable; <paramref name="usual"/> without it.</summary>
    public static int Of(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}
