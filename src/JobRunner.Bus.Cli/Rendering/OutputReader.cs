using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>
/// Whoever reads standard output. .NET ignores a pipe whose reader has gone, so a command that goes on by itself would never end; others
/// end by SIGPIPE.
/// </summary>
internal static partial class OutputReader
{
    private const int StandardOutput = 1;
    private const int Interrupted = -1;

    /// <summary>Standard output; writing throws once nobody reads it any more.</summary>
    public static TextWriter Open()
    {
        if (OperatingSystem.IsWindows())
        {
            return Console.Out;
        }

        var output = new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        // In a file it would write where it believes the end to be, over what others write there, such as standard error.
        return new StreamWriter(output.CanSeek ? Console.OpenStandardOutput() : output, new UTF8Encoding(false)) { AutoFlush = true };
    }

    /// <summary>Whether a writing failed since nobody reads any more.</summary>
    public static bool HasGone(IOException error) => error.HResult == BrokenPipe;

    /// <summary>Fires when nobody reads standard output any more, also while there is nothing to write.</summary>
    public static CancellationToken WatchGone()
    {
        var gone = new CancellationTokenSource();
        if (!OperatingSystem.IsWindows() && Console.IsOutputRedirected)
        {
            new Thread(() => Watch(gone)) { IsBackground = true, Name = "output reader" }.Start();
        }

        return gone.Token;
    }

    private const int BrokenPipe = 32;

    private const short Error = 8;

    private static void Watch(CancellationTokenSource gone)
    {
        // No event is asked for; an error is told all the same, and that is what a pipe without a reader has.
        var output = new PollTarget { Descriptor = StandardOutput };
        int told;
        do
        {
            told = Poll(ref output, 1, Timeout.Infinite);
        }
        while (told == Interrupted);
        if ((output.Happened & Error) != 0)
        {
            gone.Cancel();
        }
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollTarget targets, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollTarget
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }
}
