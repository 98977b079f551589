using JobRunner.Bus.Dashboard.Login;
using JobRunner.Bus.Dashboard.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JobRunner.Bus.Dashboard;

/// <summary>Puts the dashboard into a host.</summary>
public static class DashboardPages
{
    /// <summary>
    /// Serves the dashboard below a path, apart from the host's own pages. It can be seen from this machine only, whatever the host
    /// listens on, unless <see cref="DashboardOptions.TokenFile"/> or <see cref="DashboardOptions.RequireUser"/> says who else may. Call <see cref="DashboardServices.AddJobRunnerDashboard(Microsoft.Extensions.DependencyInjection.IServiceCollection, RabbitMq.RabbitMqOptions, DashboardOptions)"/> before.
    /// </summary>
    /// <param name="app">The host; what was added to it before comes first, such as its log-in.</param>
    /// <param name="path">Where; <c>/</c> for a host that has no other pages.</param>
    public static IApplicationBuilder MapJobRunnerDashboard(this IApplicationBuilder app, string path = "/jobrunner")
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var options = app.ApplicationServices.GetRequiredService<DashboardOptions>();
        var ending = app.ApplicationServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        return app.Map(new PathString(path.TrimEnd('/')), dashboard =>
        {
            dashboard.Use((context, next) =>
            {
                if (ending.IsCancellationRequested)
                {
                    // An open page comes back as soon as it has lost its connection, and would hold up the host's end by another.
                    context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                    return Task.CompletedTask;
                }

                // What the host's own routing found is not meant.
                context.SetEndpoint(null);
                context.Request.RouteValues.Clear();
                return next(context);
            });
            if (options is { TokenFile: null, RequireUser: false })
            {
                dashboard.UseMiddleware<LocalOnly>();
            }

            dashboard.UseMiddleware<OwnPagesOnly>();
            if (options.RequireUser)
            {
                dashboard.UseMiddleware<UsersOnly>();
            }

            dashboard.UseMiddleware<SafeHeaders>();
            if (options.TokenFile is not null)
            {
                dashboard.UseMiddleware<TokenOnly>();
            }

            dashboard.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
            dashboard.UseRouting();
            dashboard.UseAntiforgery();
            dashboard.UseEndpoints(endpoints =>
            {
                Asset.MapAll(endpoints);
                if (options.TokenFile is not null)
                {
                    LoginPages.MapAll(endpoints);
                }

                endpoints.MapRazorComponents<Document>().AddInteractiveServerRenderMode(server => server.ContentSecurityFrameAncestorsPolicy = null);
            });
        });
    }
}
