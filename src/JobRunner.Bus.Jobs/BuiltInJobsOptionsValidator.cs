using JobRunner.Bus.Jobs.Http;
using JobRunner.Bus.Jobs.Shell;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs;

/// <summary>Checks <see cref="BuiltInJobsOptions"/>; tells everything that is wrong, each by the setting's name.</summary>
internal sealed class BuiltInJobsOptionsValidator : IValidateOptions<BuiltInJobsOptions>
{
    private const int MinBytes = 1024;
    private const int MaxBytes = 64 * 1024 * 1024;

    public ValidateOptionsResult Validate(string? name, BuiltInJobsOptions options)
    {
        List<string> wrong = [];
        var (shell, http) = (options.Shell, options.Http);

        if (shell.GracePeriod < TimeSpan.Zero || shell.GracePeriod > TimeSpan.FromHours(1))
        {
            wrong.Add($"JobRunner__Jobs__Shell__GracePeriod is {shell.GracePeriod}; it must be from 00:00:00 to 01:00:00");
        }

        if (http.Timeout <= TimeSpan.Zero || http.Timeout > TimeSpan.FromHours(24))
        {
            wrong.Add($"JobRunner__Jobs__Http__Timeout is {http.Timeout}; it must be more than 00:00:00 and at most 1.00:00:00");
        }

        if (AllowedTargets.Problem(http.AllowedHosts) is { } host)
        {
            wrong.Add($"JobRunner__Jobs__Http__AllowedHosts names \"{host}\"; each must be a host, an address, or *.example.com, without port and path");
        }

        foreach (var (number, rule) in (shell.AllowedCommands ?? []).Index())
        {
            if (AllowedCommands.Problem(rule) is { } problem)
            {
                wrong.Add($"JobRunner__Jobs__Shell__AllowedCommands__{number}: {problem}");
            }
        }

        CheckSize(shell.MaxOutputBytes, "JobRunner__Jobs__Shell__MaxOutputBytes");
        CheckSize(http.MaxBodyBytes, "JobRunner__Jobs__Http__MaxBodyBytes");
        if (shell.Enabled && CommandLauncher.WhyUnusable() is { } reason)
        {
            wrong.Add($"JobRunner__Jobs__Shell__Enabled is true, but {reason}");
        }
        else if (shell is { Enabled: true, User: { Length: > 0 } user } && CommandUser.Find(user).Problem is { } problem)
        {
            wrong.Add(problem);
        }

        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);

        void CheckSize(int bytes, string setting)
        {
            if (bytes is < MinBytes or > MaxBytes)
            {
                wrong.Add($"{setting} is {bytes}; it must be from {MinBytes} to {MaxBytes}");
            }
        }
    }
}
