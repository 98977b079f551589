using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;

namespace JobRunner.Bus.Dashboard.Login;

/// <summary>Lets nobody in but people who have logged in by the token, wherever they are: others get the log-in page, and nothing else.</summary>
internal sealed class TokenOnly(RequestDelegate next, Passes passes, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);
    private static readonly PathString Circuits = new("/_blazor");

    // What is done is logged with this name, unless the host knows a better one.
    private static readonly ClaimsPrincipal Somebody = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "somebody with the token")], "token"));

    public async Task InvokeAsync(HttpContext context)
    {
        if (IsOpen(context.Request))
        {
            await next(context);
            return;
        }

        var pass = Passes.Of(context);
        if (!passes.IsGood(pass))
        {
            await RefuseAsync(context);
            return;
        }

        context.User = context.User.Identity is { IsAuthenticated: true } ? context.User : Somebody;
        if (!context.Request.Path.StartsWithSegments(Circuits))
        {
            await next(context);
            return;
        }

        // The connection of a page is one long request.
        using var looks = new PeriodicTimer(LookEvery, time);
        var end = EndWithPassAsync(context, pass, looks);
        try
        {
            await next(context);
        }
        finally
        {
            looks.Dispose();
            await end;
        }
    }

    private async Task EndWithPassAsync(HttpContext context, string? pass, PeriodicTimer looks)
    {
        while (await looks.WaitForNextTickAsync())
        {
            if (!passes.IsGood(pass))
            {
                context.Abort();
                return;
            }
        }
    }

    // By method and in full: whatever else is asked of these paths ends on a page that tells something.
    private static bool IsOpen(HttpRequest request) => HttpMethods.IsGet(request.Method)
        ? request.Path.Value is LoginPages.Path or "/assets/dashboard.css" or "/assets/icon.svg"
        : HttpMethods.IsPost(request.Method) && request.Path.Value == LoginPages.Path;

    private static Task RefuseAsync(HttpContext context)
    {
        var request = context.Request;
        if (!HttpMethods.IsGet(request.Method) || request.Path.StartsWithSegments(Circuits) || request.Path.StartsWithSegments("/assets"))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.ContentType = "text/plain; charset=utf-8";
            return context.Response.WriteAsync("Log in to the dashboard first.", context.RequestAborted);
        }

        var login = LoginPages.For(request);
        if (request.Headers["Sec-Fetch-Site"] != "cross-site")
        {
            context.Response.Redirect(login);
            return Task.CompletedTask;
        }

        // A link from elsewhere comes without the cookie. Sent on by a page of the dashboard's own, the browser brings it along.
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            $"""<!DOCTYPE html><html lang="en"><title>JobRunner</title><meta http-equiv="refresh" content="0; url={HtmlEncoder.Default.Encode(login)}">""", context.RequestAborted);
    }
}
