using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace JobRunner.Bus.Dashboard.Login;

/// <summary>
/// What a browser keeps after a log-in: a cookie that nobody else can make, good for twelve hours, until its person logs out or
/// the token changes. No scheme of the host's log-in: a second one would take a host with a single scheme its default.
/// </summary>
internal sealed class Passes(DashboardToken token, IDataProtectionProvider protection, TimeProvider time)
{
    private const string Cookie = "jobrunner-dashboard";
    private static readonly TimeSpan Life = TimeSpan.FromHours(12);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _ended = new();

    // Sealed under the token's hash: with another token nothing sealed before can be opened.
    private IDataProtector Seal => protection.CreateProtector("JobRunner.Bus.Dashboard.Login", token.Hash);

    /// <summary>What the browser shows.</summary>
    public static string? Of(HttpContext context) => context.Request.Cookies[Cookie];

    /// <summary>Gives the browser one.</summary>
    public void Give(HttpContext context) => context.Response.Cookies.Append(
        Cookie,
        Seal.Protect(string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N} {(time.GetUtcNow() + Life).ToUnixTimeSeconds()}")),
        Terms(context));

    /// <summary>Whether it lets its bearer in now.</summary>
    public bool IsGood(string? pass) => Read(pass) is { } read && read.Until > time.GetUtcNow() && !_ended.ContainsKey(read.Id);

    /// <summary>Takes it from the browser; a copy of it is good for nothing, either.</summary>
    public void End(HttpContext context)
    {
        context.Response.Cookies.Delete(Cookie, Terms(context));
        if (Read(Of(context)) is { } read)
        {
            _ended[read.Id] = read.Until;
        }

        foreach (var (id, until) in _ended)
        {
            if (until <= time.GetUtcNow())
            {
                _ended.TryRemove(id, out _);
            }
        }
    }

    private static CookieOptions Terms(HttpContext context) => new()
    {
        HttpOnly = true,
        IsEssential = true,
        MaxAge = Life,
        Path = context.Request.PathBase.HasValue ? context.Request.PathBase.Value : "/",
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
    };

    private (string Id, DateTimeOffset Until)? Read(string? pass)
    {
        try
        {
            return pass is not null && Seal.Unprotect(pass).Split(' ') is [var id, var until]
                ? (id, DateTimeOffset.FromUnixTimeSeconds(long.Parse(until, CultureInfo.InvariantCulture)))
                : null;
        }
        catch (CryptographicException)
        {
            // Forged, of another token, or of keys that are gone.
            return null;
        }
    }
}
