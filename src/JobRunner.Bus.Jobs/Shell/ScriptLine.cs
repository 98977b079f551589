using System.Text;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>The first line of a script, which names its interpreter. Where that is not there, the system says "no such file" of the script itself.</summary>
internal static class ScriptLine
{
    // As much as Linux reads.
    private const int Longest = 256;

    /// <summary>Why a program cannot be started; <see langword="null"/> when its first line is well, or it is no script.</summary>
    public static string? Problem(string path)
    {
        if (Read(path) is not ['#', '!', .. var rest])
        {
            return null;
        }

        if (rest.EndsWith('\r'))
        {
            return $"its first line ends with CR LF, as Windows writes it, so that no program \"{rest.Trim().Split(' ')[^1]}\\r\" is found: save it with LF alone";
        }

        var interpreter = rest.Trim().Split([' ', '\t'], 2)[0];
        return interpreter.StartsWith('/') && !Path.Exists(interpreter) ? $"its first line names {interpreter}, which is not there" : null;
    }

    private static string? Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var start = new byte[Longest];
            var text = Encoding.Latin1.GetString(start, 0, file.ReadAtLeast(start, Longest, throwOnEndOfStream: false));
            return text.Split('\n', 2)[0];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A program that may be run need not be one that may be read.
            return null;
        }
    }
}
