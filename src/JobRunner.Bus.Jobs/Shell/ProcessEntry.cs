using System.Globalization;
using System.Text;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>One living process, as <c>/proc/PID/stat</c> tells it. Id and start time together are never used twice.</summary>
internal sealed record ProcessEntry(int Id, int Parent, int Group, int Session, ulong StartTime)
{
    /// <summary>Every process that is alive; those that ended but were not yet waited for are not.</summary>
    public static IEnumerable<ProcessEntry> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(name => char.IsAsciiDigit(name![0]))
            .Select(name => Read(int.Parse(name!, CultureInfo.InvariantCulture)))
            .OfType<ProcessEntry>();

    /// <summary>A process by its id; <see langword="null"/> when it is gone.</summary>
    public static ProcessEntry? Read(int id)
    {
        string stat;
        try
        {
            stat = Encoding.Latin1.GetString(File.ReadAllBytes($"/proc/{id}/stat"));
        }
        catch (IOException)
        {
            return null;
        }

        // The name before the last parenthesis may hold anything: spaces, parentheses, line breaks.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X"
            ? null
            : new ProcessEntry(id, Number(1), Number(2), Number(3), ulong.Parse(fields[19], CultureInfo.InvariantCulture));

        int Number(int index) => int.Parse(fields[index], CultureInfo.InvariantCulture);
    }
}
