namespace JobRunner.Bus.Delivery.Gate;

/// <summary>A time in which the store takes nothing, and when to look again. Not thread-safe.</summary>
internal sealed class Outage
{
    /// <summary>The first pause while it is the store that is down; it doubles.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The pause while others wait behind a log that may be at fault itself: so short that a row of such logs is passed before it matters. After
    /// <see cref="Suspects"/> of them it grows.
    /// </summary>
    public static readonly TimeSpan PauseBetweenSuspects = TimeSpan.FromMilliseconds(100);

    /// <summary>How many logs in a row are suspected before the store is.</summary>
    public const int Suspects = 100;

    /// <summary>The longest pause between two probes that the store did not ask for.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause between two probes while the logs may be at fault.</summary>
    public static readonly TimeSpan LongestPauseBetweenSuspects = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause that the store can ask for (<c>Retry-After</c>).</summary>
    public static readonly TimeSpan LongestAskedFor = TimeSpan.FromMinutes(10);

    private TimeSpan _pause;
    private TimeSpan _pauseBetweenSuspects;
    private bool _probing;
    private int _suspects;

    /// <param name="since">When it was noticed.</param>
    public Outage(DateTimeOffset since) => (Since, NextProbeAt, ToldAt) = (since, since, since);

    /// <summary>When it was noticed.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>When the next probe is due.</summary>
    public DateTimeOffset NextProbeAt { get; private set; }

    /// <summary>When an operator was last told of it.</summary>
    public DateTimeOffset ToldAt { get; set; }

    /// <summary>Takes the permission for the one probe under way, when it is due.</summary>
    public bool TryProbe(DateTimeOffset now)
    {
        if (_probing || now < NextProbeAt)
        {
            return false;
        }

        _probing = true;
        return true;
    }

    /// <summary>A probe told nothing: another may follow at once.</summary>
    public void ProbeBrokenOff() => _probing = false;

    /// <summary>A delivery failed: the one by which the outage was noticed, a probe, or one that was under way by then.</summary>
    /// <param name="now">When.</param>
    /// <param name="isProbe">Whether it was the probe.</param>
    /// <param name="suspectsLog">Whether the log may be at fault, and others wait behind it.</param>
    /// <param name="retryAfter">How long the store asked to be left alone.</param>
    public void Failed(DateTimeOffset now, bool isProbe, bool suspectsLog, TimeSpan? retryAfter)
    {
        if (isProbe)
        {
            _probing = false;
        }

        var pause = PauseAfter(isProbe, suspectsLog);
        var asked = retryAfter < LongestAskedFor ? retryAfter.Value : retryAfter is null ? TimeSpan.Zero : LongestAskedFor;
        var next = now + (asked > pause ? asked : pause);
        NextProbeAt = isProbe || next > NextProbeAt ? next : NextProbeAt;
    }

    private TimeSpan PauseAfter(bool isProbe, bool suspectsLog)
    {
        if (suspectsLog)
        {
            var growth = ++_suspects > Suspects ? 1.05 : 1;
            return _pauseBetweenSuspects = Within(PauseBetweenSuspects, growth * _pauseBetweenSuspects, LongestPauseBetweenSuspects);
        }

        if (isProbe || _pause == TimeSpan.Zero)
        {
            _pause = Within(FirstPause, 2 * _pause, LongestPause);
        }

        return _pause;
    }

    private static TimeSpan Within(TimeSpan least, TimeSpan pause, TimeSpan most) => pause < least ? least : pause < most ? pause : most;
}
