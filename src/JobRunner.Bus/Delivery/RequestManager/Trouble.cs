using System.Text.RegularExpressions;
using Polly.Timeout;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>What a failed attempt says of the Request Manager as a whole.</summary>
/// <param name="IsDown">No log gets through, whichever it is.</param>
/// <param name="IsBusy">It has more to do than it can.</param>
internal readonly partial record struct Trouble(bool IsDown, bool IsBusy)
{
    /// <summary>Of an answer that may become another one later.</summary>
    public static Trouble Of(RequestManagerAnswer answer) => answer.Status switch
    {
        429 or 503 => new(IsDown: true, IsBusy: true),
        408 or 504 => new(IsDown: false, IsBusy: true),
        401 or 403 => new(IsDown: true, IsBusy: false),
        500 when TooMany().IsMatch(answer.Words) => new(IsDown: true, IsBusy: true),
        500 when NoDatabase().IsMatch(answer.Words) => new(IsDown: true, IsBusy: false),
        _ => default,
    };

    /// <summary>Of no answer. A log that is too much for a Request Manager can make it hang or hang up, too.</summary>
    public static Trouble Of(Exception error) => error switch
    {
        TimeoutRejectedException => new(IsDown: false, IsBusy: true),
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        } => new(IsDown: true, IsBusy: false),
        // The handler's connect timeout.
        OperationCanceledException => new(IsDown: true, IsBusy: false),
        _ => default,
    };

    /// <summary>Go's words for a database that cannot be reached or went away.</summary>
    [GeneratedRegex(@"^dial (tcp|unix)\b|\bconnection refused\b|\binvalid connection\b|\bbad connection\b", RegexOptions.CultureInvariant)]
    private static partial Regex NoDatabase();

    /// <summary>MariaDB and MySQL: too many connections, of all or of one user.</summary>
    [GeneratedRegex(@"^Error (1040|1203|1226)\b", RegexOptions.CultureInvariant)]
    private static partial Regex TooMany();
}
