using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Dashboard.Login;

/// <summary>Lets nobody in but people whom the host's own log-in knows, wherever they are. How others log in is the host's matter.</summary>
internal sealed class UsersOnly(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.User.Identity is { IsAuthenticated: true })
        {
            await next(context);
        }
        else if (context.RequestServices.GetService<IAuthenticationSchemeProvider>() is { } schemes && await schemes.GetDefaultChallengeSchemeAsync() is not null)
        {
            await context.ChallengeAsync();
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync("The dashboard is for people who have logged in, and its host knows no way to.", context.RequestAborted);
        }
    }
}
