using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Delivery;

/// <summary>Refuses a path that can never be a file.</summary>
internal sealed class JobLogStoreOptionsRules : IValidateOptions<JobLogStoreOptions>
{
    public ValidateOptionsResult Validate(string? name, JobLogStoreOptions options)
    {
        var path = options.Path;
        if (string.IsNullOrWhiteSpace(path))
        {
            return Wrong($"{JobLogStoreOptions.PathSetting} is empty: give the path of a file, or leave the setting out");
        }

        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return Wrong($"{JobLogStoreOptions.PathSetting} holds a NUL character");
        }

        return Path.EndsInDirectorySeparator(path) || Directory.Exists(path)
            ? Wrong($"{JobLogStoreOptions.PathSetting} \"{path}\" is a folder; it must be a file")
            : ValidateOptionsResult.Success;
    }

    private static ValidateOptionsResult Wrong(string reason) => ValidateOptionsResult.Fail(reason);
}
