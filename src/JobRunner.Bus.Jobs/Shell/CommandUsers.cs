using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>The user of the settings, looked up once.</summary>
internal sealed class CommandUsers(IOptions<BuiltInJobsOptions> options)
{
    private readonly Lazy<CommandUser?> _user = new(() => Find(options.Value.Shell.User));

    /// <summary>Whom commands run as; <see langword="null"/> for the worker's own user.</summary>
    public CommandUser? Current => _user.Value;

    private static CommandUser? Find(string? setting)
    {
        if (string.IsNullOrEmpty(setting))
        {
            return null;
        }

        var (user, problem) = CommandUser.Find(setting);
        return user ?? throw new InvalidOperationException(problem);
    }
}
