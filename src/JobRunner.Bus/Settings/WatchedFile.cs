using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Settings;

/// <summary>
/// What files of a setting hold, taken up anew when they change: secrets and certificates are renewed while workers run.
/// They are looked at no more than once a second. While they cannot be used, as in the middle of a change, what they held
/// before stays.
/// </summary>
/// <param name="setting">Name of the setting, for messages.</param>
/// <param name="paths">The files.</param>
/// <param name="parse">Reads their content, in the order of the paths; throws <see cref="FormatException"/> on a wrong one.</param>
/// <param name="time">Measures the second.</param>
/// <param name="logger">Where changes are told.</param>
internal sealed class WatchedFile<T>(
    string setting, IReadOnlyList<string> paths, Func<IReadOnlyList<string>, T> parse, TimeProvider time, ILogger logger)
    where T : class
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private IReadOnlyList<string> _seen = [];
    private string? _complaint;
    private T? _value;
    private long _lookedAt;

    /// <summary>What the files hold.</summary>
    /// <exception cref="FormatException">They could never be used.</exception>
    public T Value
    {
        get
        {
            lock (_lock)
            {
                if (_value is null || time.GetElapsedTime(_lookedAt) >= LookEvery)
                {
                    _lookedAt = time.GetTimestamp();
                    Look();
                }

                return _value;
            }
        }
    }

    [MemberNotNull(nameof(_value))]
    private void Look()
    {
        try
        {
            // By content, not by time: a mounted secret is changed by turning a link to its folder.
            IReadOnlyList<string> texts = [.. paths.Select(path => SecretFiles.Read(setting, path))];
            if (_value is not null && texts.SequenceEqual(_seen))
            {
                return;
            }

            var isChange = _value is not null;
            _value = parse(texts);
            _seen = texts;
            _complaint = null;
            if (isChange)
            {
                logger.ChangedFileUsed(setting);
            }
        }
        catch (FormatException error) when (_value is not null)
        {
            if (_complaint != error.Message)
            {
                _complaint = error.Message;
                logger.ChangedFileNotUsed(error.Message);
            }
        }
    }
}
