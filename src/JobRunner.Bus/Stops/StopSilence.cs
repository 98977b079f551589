using System.Globalization;
using JobRunner.Bus.Runs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Stops;

/// <summary>
/// Notices when the reader of stops is deaf: a cluster can leave the reader of a stream attached and tell it nothing more after a
/// node went. While nothing is heard, the end of the stream is looked up; where it stays unheard, the stream is read anew.
/// </summary>
internal sealed class StopSilence(TimeProvider time, ILogger<StopSilence> logger)
{
    /// <summary>How long nothing is heard before the end of the stream is looked up.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    /// <summary>How long what is at the end of the stream may take to be heard.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(2);

    private long _heard = -1;

    /// <summary>The message at this offset was read; none on a bus without streams.</summary>
    public void Heard(string? offset)
    {
        if (long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var heard))
        {
            Volatile.Write(ref _heard, heard);
        }
    }

    /// <summary>Watches until it is told to end.</summary>
    public async Task WatchAsync(IStopStream stream, CancellationToken cancellationToken)
    {
        var patience = Patience;
        while (true)
        {
            if (await HearsWithinAsync(Quiet, cancellationToken)
                || await LastAsync(stream, cancellationToken) is not { } last
                || last <= Volatile.Read(ref _heard)
                || await HearsWithinAsync(patience, cancellationToken))
            {
                patience = Patience;
                continue;
            }

            AcceptLog.StopsReadAnew(logger, last, Volatile.Read(ref _heard));
            await ReadAnewAsync(stream, cancellationToken);
            patience = patience * 2 < LongestPatience ? patience * 2 : LongestPatience;
        }
    }

    private async Task<bool> HearsWithinAsync(TimeSpan span, CancellationToken cancellationToken)
    {
        var before = Volatile.Read(ref _heard);
        await Task.Delay(span, time, cancellationToken);
        return before != Volatile.Read(ref _heard);
    }

    private static async Task<long?> LastAsync(IStopStream stream, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.LastAsync(cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The broker is away, or another reader is as deaf: nothing is known.
            return null;
        }
    }

    private async Task ReadAnewAsync(IStopStream stream, CancellationToken cancellationToken)
    {
        try
        {
            await stream.ReadAnewAsync(cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            AcceptLog.StopsNotReadAnew(logger, error);
        }
    }
}
