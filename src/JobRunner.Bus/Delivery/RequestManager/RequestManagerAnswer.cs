using System.Net;
using System.Text.RegularExpressions;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>What an answer of the Request Manager means for the job log that was sent.</summary>
internal enum AnswerKind
{
    /// <summary>Stored.</summary>
    Stored,

    /// <summary>A log with this key was there already.</summary>
    AlreadyThere,

    /// <summary>Will be refused again, however often it is sent.</summary>
    Permanent,

    /// <summary>May be taken later.</summary>
    Retryable,
}

/// <summary>An answer to a job log, understood. The status alone does not tell: 500 can mean any of three things.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Words">The Request Manager's own words; see <see cref="AnswerWords"/>.</param>
internal sealed partial record RequestManagerAnswer(AnswerKind Kind, int Status, string Words)
{
    /// <summary>Understands an answer.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="body">The body, or its first few KB; not needed for 201.</param>
    public static RequestManagerAnswer Of(int status, string body)
    {
        var words = AnswerWords.Of(body);
        var kind = status switch
        {
            201 => AnswerKind.Stored,
            // Missing rights and overload are mended by an operator, not by changing the log.
            401 or 403 or 408 or 429 => AnswerKind.Retryable,
            >= 300 and < 500 => AnswerKind.Permanent,
            500 when DuplicateKey().IsMatch(words) => AnswerKind.AlreadyThere,
            500 when CannotBeHeld().IsMatch(words) => AnswerKind.Permanent,
            _ => AnswerKind.Retryable,
        };
        return new RequestManagerAnswer(kind, status, words);
    }

    /// <summary>Understands a response whose error body <see cref="AnswerBodyHandler"/> has made small.</summary>
    public static async ValueTask<RequestManagerAnswer> ReadAsync(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (response.StatusCode == HttpStatusCode.Created)
        {
            return Of(status, "");
        }

        var body = await response.Content.ReadAsStringAsync(CancellationToken.None);
        return Of(status, body.Length == 0 && response.Headers.Location is { } location ? $"Location: {location}" : body);
    }

    /// <summary>The answer in a sentence, with what to look at where the setting may be to blame.</summary>
    public override string ToString()
    {
        const string BaseUrl = RequestManagerOptions.SettingPrefix + nameof(RequestManagerOptions.BaseUrl);
        var said = Words.Length == 0 ? $"{Status}" : $"{Status} \"{Words}\"";
        return Status switch
        {
            >= 300 and < 400 => $"{said}, a redirect: {BaseUrl} points elsewhere",
            404 or 405 => $"{said}: does {BaseUrl} point at a Request Manager?",
            >= 200 and < 300 => $"{said} where 201 was due: does {BaseUrl} point at a Request Manager?",
            401 or 403 => $"{said}: this worker is not allowed to",
            _ => said,
        };
    }

    /// <summary>MariaDB and MySQL: duplicate entry for a key.</summary>
    [GeneratedRegex(@"^Error 1062\b", RegexOptions.CultureInvariant)]
    private static partial Regex DuplicateKey();

    /// <summary>MariaDB and MySQL: value out of range, incorrect string, data too long, packet too large.</summary>
    [GeneratedRegex(@"^Error (1264|1366|1406|1105)\b", RegexOptions.CultureInvariant)]
    private static partial Regex CannotBeHeld();
}
