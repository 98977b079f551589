using System.Globalization;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>A command that ends with its worker, until it is released.</summary>
internal sealed class GuardedCommand(CommandGuard guard, string mark)
{
    private string? _session;

    /// <summary>Value of <see cref="CommandGuard.Variable"/> in the command's environment.</summary>
    public string Mark => mark;

    /// <summary>The command runs, as the leader of this session: its members are known even if they change their environment.</summary>
    public void Started(int session)
    {
        _session = $"s{session.ToString(CultureInfo.InvariantCulture)}";
        guard.Add(_session);
    }

    /// <summary>The command has ended: what it left in the background may outlive the worker.</summary>
    public void Release()
    {
        if (_session is not null)
        {
            guard.Remove(_session);
        }

        guard.Remove($"m{mark}");
    }
}
