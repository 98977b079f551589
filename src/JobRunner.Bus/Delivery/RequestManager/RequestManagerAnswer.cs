using System.Text.RegularExpressions;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>What an answer means for the job log that was sent.</summary>
internal enum AnswerKind
{
    /// <summary>Stored.</summary>
    Stored,

    /// <summary>A log with this key was there already.</summary>
    AlreadyThere,

    /// <summary>Will be refused again, however often it is sent.</summary>
    Permanent,

    /// <summary>May be taken later; the log may be to blame.</summary>
    Retryable,

    /// <summary>No log gets through now, whichever it is.</summary>
    Outage,
}

/// <summary>
/// An answer to a job log, understood. Only the Request Manager's own answers are verdicts on the log: whatever a proxy in front
/// of it says, with whatever status, is an outage. The status alone does not tell either: 500 can mean any of four things.
/// </summary>
/// <param name="Kind">What it means.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Words">What the answer says; see <see cref="AnswerWords"/>.</param>
/// <param name="IsOwn">Whether the Request Manager itself said it.</param>
internal sealed partial record RequestManagerAnswer(AnswerKind Kind, int Status, string Words, bool IsOwn)
{
    /// <summary>On every answer of a Request Manager.</summary>
    public const string VersionHeader = "X-Spincycle-Version";

    /// <summary>Understands the answer to a job log.</summary>
    /// <param name="log">The log.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="hasVersion">Whether the answer has the <see cref="VersionHeader"/>.</param>
    /// <param name="body">The body, or its first few KB; not needed for a 201 with the header.</param>
    /// <param name="anyReceiver">Whether the receiver is no Request Manager, so that its status codes count by themselves.</param>
    public static RequestManagerAnswer Of(JobLogRecorded log, int status, bool hasVersion, ReadOnlySpan<byte> body, bool anyReceiver = false)
    {
        if (anyReceiver && status is >= 200 and < 300)
        {
            return new RequestManagerAnswer(AnswerKind.Stored, status, "", IsOwn: true);
        }

        // A proxy may strip the header: the log, or its key, in the answer proves as much.
        var own = hasVersion || anyReceiver || (status == 201 && IsEchoOf(log, body));
        var words = status == 201 && own ? "" : AnswerWords.Of(body);
        own |= status == 500 && DuplicateKey().IsMatch(words) && words.Contains($"'{log.RequestId}-{log.JobId}-{log.Try}'", StringComparison.Ordinal);
        return new RequestManagerAnswer(own ? Verdict(status, words) : AnswerKind.Outage, status, words, own);
    }

    private static AnswerKind Verdict(int status, string words) => status switch
    {
        201 => AnswerKind.Stored,
        // Missing rights and overload are mended by an operator, not by changing the log.
        401 or 403 or 429 or 503 => AnswerKind.Outage,
        408 => AnswerKind.Retryable,
        >= 400 and < 500 => AnswerKind.Permanent,
        >= 300 and < 400 => AnswerKind.Outage,
        500 when DuplicateKey().IsMatch(words) => AnswerKind.AlreadyThere,
        500 when CannotBeHeld().IsMatch(words) => AnswerKind.Permanent,
        500 when NoDatabase().IsMatch(words) => AnswerKind.Outage,
        _ => AnswerKind.Retryable,
    };

    /// <summary>The answer in a sentence, with what to look at where the setting may be to blame.</summary>
    public override string ToString()
    {
        const string BaseUrl = RequestManagerOptions.SettingPrefix + nameof(RequestManagerOptions.BaseUrl);
        const string AnyReceiver = RequestManagerOptions.SettingPrefix + nameof(RequestManagerOptions.AnyReceiver);
        var said = Words.Length == 0 ? $"{Status}" : $"{Status} \"{Words}\"";
        return Status switch
        {
            >= 300 and < 400 => $"{said}, a redirect: {BaseUrl} points elsewhere",
            _ when !IsOwn => $"{said}, which is no answer of a Request Manager (it has no {VersionHeader}): "
                + $"is there a proxy before it? For a receiver of another kind set {AnyReceiver}=true",
            404 or 405 => $"{said}: does {BaseUrl} point at a Request Manager?",
            >= 200 and < 300 => $"{said} where 201 was due: does {BaseUrl} point at a Request Manager?",
            401 or 403 => $"{said}: this worker is not allowed to",
            _ => said,
        };
    }

    private static bool IsEchoOf(JobLogRecorded log, ReadOnlySpan<byte> body)
    {
        var echo = PartialLog.Read(body);
        return echo.RequestId == log.RequestId && echo.JobId == log.JobId && echo.Try == log.Try;
    }

    /// <summary>MariaDB and MySQL: duplicate entry for a key.</summary>
    [GeneratedRegex(@"^Error 1062\b", RegexOptions.CultureInvariant)]
    private static partial Regex DuplicateKey();

    /// <summary>MariaDB and MySQL: value out of range, incorrect string, data too long; "unknown error" only where it is the packet that is too large.</summary>
    [GeneratedRegex(@"^Error (1264|1366|1406)\b|^Error 1105\b.*max_allowed_packet", RegexOptions.CultureInvariant)]
    private static partial Regex CannotBeHeld();

    /// <summary>Go's words for a database that cannot be reached or went away; MariaDB's and MySQL's for one with too many connections.</summary>
    [GeneratedRegex(@"^dial (tcp|unix)\b|\bconnection refused\b|\binvalid connection\b|\bbad connection\b|^Error (1040|1203|1226)\b", RegexOptions.CultureInvariant)]
    private static partial Regex NoDatabase();
}
