using System.Runtime.InteropServices;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>
/// All that a command started: the members of its session, and the descendants that left it (as <c>timeout</c>,
/// <c>bash -m</c> and <c>setsid</c> do). Only a process that left the session and whose parents are gone, a daemon, is
/// out of reach.
/// </summary>
internal sealed partial class CommandSession
{
    private const int Sigkill = 9;
    private const int Sigterm = 15;
    private const int Sigcont = 18;
    private const int KillRounds = 50;

    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(320);

    private readonly int _id;
    private readonly ulong? _startTime;
    private readonly TimeProvider _time;

    // A member seen once stays one, though its parents are gone by the next look.
    private readonly HashSet<(int Id, ulong StartTime)> _seen = [];

    /// <param name="id">Process id of the command, which is that of its session.</param>
    /// <param name="time">Time to wait by.</param>
    public CommandSession(int id, TimeProvider time)
    {
        _id = id;
        _time = time;
        _startTime = ProcessEntry.Read(id)?.StartTime;
    }

    /// <summary>
    /// Asks all processes to end (SIGTERM), and ends those still there after the grace period (SIGKILL). Returns the
    /// ids of those that even so did not end within a few seconds, for instance because they run as another user.
    /// </summary>
    /// <param name="exited">Completes when the command itself has ended.</param>
    /// <param name="grace">How long to wait after SIGTERM.</param>
    public async Task<IReadOnlyList<int>> EndAsync(Task exited, TimeSpan grace)
    {
        var start = _time.GetTimestamp();
        var members = FindMembers();
        Send(Sigterm, members);
        // A process that is paused takes a signal only once it goes on.
        Send(Sigcont, members);

        // Looking at all of /proc is dear: most of the wait is for the command itself, which the system tells.
        await Task.WhenAny(exited, Task.Delay(grace, _time));
        members = FindMembers();
        for (var poll = ShortestPoll; members.Count > 0 && _time.GetElapsedTime(start) < grace; poll = Next(poll))
        {
            await Task.Delay(poll, _time);
            members = FindMembers();
        }

        // Processes may be born while others are killed, so look again until none is left.
        for (var round = 0; members.Count > 0 && round < KillRounds; round++)
        {
            Send(Sigkill, members);
            await Task.Delay(ShortestPoll, _time);
            members = FindMembers();
        }

        return [.. members.Select(member => member.Id)];

        static TimeSpan Next(TimeSpan poll) => poll < LongestPoll ? 2 * poll : LongestPoll;
    }

    private List<ProcessEntry> FindMembers()
    {
        var all = ProcessEntry.All().ToList();
        var children = all.ToLookup(process => process.Parent);
        // Once all members are gone the system may give the number to a process that is none of ours.
        var numberIsOurs = all.Find(process => process.Id == _id) is not { } leader || leader.StartTime == _startTime;

        var found = new Dictionary<int, ProcessEntry>();
        var open = new Stack<ProcessEntry>(all.Where(IsRoot));
        while (open.TryPop(out var process))
        {
            if (found.TryAdd(process.Id, process))
            {
                _seen.Add((process.Id, process.StartTime));
                foreach (var child in children[process.Id])
                {
                    open.Push(child);
                }
            }
        }

        return [.. found.Values];

        bool IsRoot(ProcessEntry process) =>
            (numberIsOurs && (process.Session == _id || process.Id == _id))
            || _seen.Contains((process.Id, process.StartTime));
    }

    private void Send(int signal, List<ProcessEntry> members)
    {
        // The whole group at once leaves no gap for a child being born; those in groups of their own come one by one.
        if (members.Exists(member => member.Group == _id))
        {
            _ = Kill(-_id, signal);
        }

        foreach (var member in members.Where(member => member.Group != _id))
        {
            _ = Kill(member.Id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
