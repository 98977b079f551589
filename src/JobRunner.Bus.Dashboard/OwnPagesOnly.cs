using Microsoft.AspNetCore.Http;

namespace JobRunner.Bus.Dashboard;

/// <summary>
/// Refuses what other sites' pages ask in a visitor's browser, above all to open the connection by which a page acts. A link from
/// elsewhere may lead here: it only opens a page.
/// </summary>
internal sealed class OwnPagesOnly(RequestDelegate next)
{
    private static readonly PathString Circuits = new("/_blazor");

    public Task InvokeAsync(HttpContext context)
    {
        if (IsLink(context.Request) || !IsForeign(context.Request))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("The dashboard answers its own pages only.", context.RequestAborted);
    }

    private static bool IsLink(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Mode"] == "navigate" && !request.Path.StartsWithSegments(Circuits);

    // Browsers let no page write these headers itself. Who sends none is no browser, and has nobody's log-in to misuse.
    private static bool IsForeign(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"] == "cross-site"
        || (request.Headers.Origin is { Count: > 0 } origin
            && !string.Equals(origin.ToString(), $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase));
}
