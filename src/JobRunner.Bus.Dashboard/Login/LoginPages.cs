using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace JobRunner.Bus.Dashboard.Login;

/// <summary>Logging in by the token, and out. Plain forms: they work without script, and nothing of the live pages is in them.</summary>
internal static class LoginPages
{
    /// <summary>Where one logs in.</summary>
    public const string Path = "/login";

    private const string Return = "return";
    private const int LongestReturn = 2_000;
    private const int MostSent = 16 * 1024;

    /// <summary>The address of the log-in page that leads back to what is asked for.</summary>
    public static string For(HttpRequest request)
    {
        var back = $"{request.PathBase}{request.Path}{request.QueryString}";
        return $"{request.PathBase}{Path}{(back.Length <= LongestReturn ? QueryString.Create(Return, back) : default)}";
    }

    /// <summary>Serves them.</summary>
    public static void MapAll(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(Path, (HttpContext context, Passes passes) =>
            passes.IsGood(Passes.Of(context)) ? Back(context.Request) : Page(StatusCodes.Status200OK, null));
        endpoints.MapPost(Path, LogInAsync).WithMetadata(new RequestSizeLimitAttribute(MostSent));
        endpoints.MapPost("/logout", LogOutAsync).WithMetadata(new RequestSizeLimitAttribute(MostSent));
    }

    private static async Task<IResult> LogInAsync(HttpContext context, IAntiforgery antiforgery, LoginTries tries, Passes passes)
    {
        if (!await IsOwnFormAsync(context, antiforgery))
        {
            return Page(StatusCodes.Status400BadRequest, "This page was too old, or the browser takes no cookies. Try again.");
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        switch (await tries.TryAsync(form["token"].ToString().Trim(), context.Connection.RemoteIpAddress, context.RequestAborted))
        {
            case true:
                passes.Give(context);
                return Back(context.Request);
            case false:
                return Page(StatusCodes.Status403Forbidden, "That is not the token.");
            default:
                return Page(StatusCodes.Status429TooManyRequests, "Too many people try to log in just now. Try again later.");
        }
    }

    private static async Task<IResult> LogOutAsync(HttpContext context, IAntiforgery antiforgery, Passes passes)
    {
        if (!await IsOwnFormAsync(context, antiforgery))
        {
            return Results.Text("The page was too old: load it again.", statusCode: StatusCodes.Status400BadRequest);
        }

        passes.End(context);
        return Results.LocalRedirect($"{context.Request.PathBase}{Path}");
    }

    private static async Task<bool> IsOwnFormAsync(HttpContext context, IAntiforgery antiforgery)
    {
        try
        {
            await antiforgery.ValidateRequestAsync(context);
            return context.Request.HasFormContentType;
        }
        catch (Exception error) when (error is AntiforgeryValidationException or BadHttpRequestException)
        {
            return false;
        }
    }

    private static RazorComponentResult<LoginPage> Page(int status, string? wrong) =>
        new(new { Wrong = wrong }) { StatusCode = status, PreventStreamingRendering = true };

    // Nowhere but to a page of this host, and in a header: anything else leads to the overview.
    private static IResult Back(HttpRequest request) =>
        request.Query[Return].ToString() is { Length: <= LongestReturn } back && back.StartsWith('/') && back.All(letter => letter is > ' ' and <= '~') && RedirectHttpResult.IsLocalUrl(back)
            ? Results.LocalRedirect(back)
            : Results.LocalRedirect($"{request.PathBase}/");
}
