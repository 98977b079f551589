using System.Net;
using Microsoft.AspNetCore.Http;

namespace JobRunner.Bus.Dashboard;

/// <summary>
/// Lets nobody in but people on this machine: it asks for no password. The name that the browser knows the page by counts, too: a
/// stranger's page whose name was turned to this machine's address is refused.
/// </summary>
internal sealed class LocalOnly(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var isHere = context.Connection.RemoteIpAddress is not { } from || IPAddress.IsLoopback(from);
        if (isHere && IsThisMachine(context.Request.Host.Host))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("The dashboard can be seen from its own machine only, as http://localhost.", context.RequestAborted);
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
