using JobRunner.Bus.Contracts;
using JobRunner.Bus.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Api;

/// <summary>
/// The API of Spin Cycle's Job Runner, for its Request Manager: what it answers, to the word where the Request Manager reads it. Any
/// instance answers for every chain and every job.
/// </summary>
internal sealed class SpinCycleApi(
    ChainService chains,
    StorePatience patience,
    ChainsOpened opened,
    RunningJobs running,
    IOptions<ChainsOptions> options,
    IOptions<WorkerOptions> worker,
    TimeProvider time,
    ILogger<SpinCycleApi> logger)
{
    private const string Chains = "/api/v1/job-chains";

    // The Request Manager waits for an answer as long as it takes, and gives a request up after five that are none.
    private static readonly TimeSpan StoreMayBeAwayFor = TimeSpan.FromMinutes(1);

    /// <summary>Maps the paths.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Chains, context => AnswerAsync(context, RunAsync));
        routes.MapPost($"{Chains}/resume", context => AnswerAsync(context, ResumeAsync));
        routes.MapPut($"{Chains}/{{id}}/stop", context => AnswerAsync(context, StopAsync));
        routes.MapGet("/api/v1/status/running", context => AnswerAsync(context, StatusAsync));
        routes.MapGet("/version", context => context.Response.WriteAsync(
            $"JobRunner.Bus {typeof(SpinCycleApi).Assembly.GetName().Version?.ToString(3)}", context.RequestAborted));
    }

    private async Task RunAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var chain = Wire.Deserialize<JobChain>(await BodyAsync(context));
        if (SpinCycleCheck.CheckUnstarted(chain) is { Count: > 0 } wrong)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, string.Join("; ", wrong));
        }

        await patience.RunAsync(token => chains.RunAsync(chain, token), cancellationToken);
        Take(context, chain.RequestId);
    }

    private async Task ResumeAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var suspended = Wire.Deserialize<SuspendedJobChain>(await BodyAsync(context));
        await patience.RunAsync(token => chains.ResumeAsync(suspended, token), cancellationToken);
        Take(context, suspended.JobChain.RequestId is { Length: > 0 } id ? id : suspended.RequestId);
    }

    private async Task StopAsync(HttpContext context, CancellationToken cancellationToken)
    {
        RequireJson(context);
        var id = (string)context.Request.RouteValues["id"]!;
        var known = false;
        await patience.RunAsync(async token => known = await chains.StopAsync(id, token), cancellationToken);
        if (!known)
        {
            throw new ApiException(StatusCodes.Status404NotFound, $"no chain of request {id} is known");
        }
    }

    private async Task StatusAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var jobs = await running.FindAsync(context.Request.Query["requestId"], cancellationToken);
        context.Response.ContentType = Wire.ContentType;
        await context.Response.Body.WriteAsync(Wire.Serialize(jobs), cancellationToken);
    }

    /// <summary>The Request Manager sends stops and questions about the request to scheme, host and port of this address.</summary>
    private void Take(HttpContext context, string requestId)
    {
        var here = options.Value.PublicUrl?.TrimEnd('/') ?? (context.Request.Host.HasValue ? $"{context.Request.Scheme}://{context.Request.Host}" : "");
        context.Response.Headers.Location = $"{here}{Chains}/{Uri.EscapeDataString(requestId)}";
    }

    private async Task<byte[]> BodyAsync(HttpContext context)
    {
        RequireJson(context);
        return await ApiBody.ReadAsync(context, worker.Value.MaxCommandBytes);
    }

    /// <summary>As Spin Cycle asks for it; and no page of another site can make a browser send this unasked.</summary>
    private static void RequireJson(HttpContext context)
    {
        if (context.Request.ContentType?.StartsWith(Wire.ContentType, StringComparison.OrdinalIgnoreCase) != true)
        {
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, $"the request needs Content-Type: {Wire.ContentType}");
        }
    }

    private async Task AnswerAsync(HttpContext context, Func<HttpContext, CancellationToken, Task> answer)
    {
        using var limit = new CancellationTokenSource(StoreMayBeAwayFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted);
        try
        {
            await opened.Task.WaitAsync(either.Token);
            await answer(context, either.Token);
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            var (status, message) = ApiBody.Explain(error);
            ChainsLog.ApiRefused(logger, context.Request.Method, context.Request.Path, status, Refusals.Reasons.Bounded(message), status == 500 ? error : null);
            await ApiBody.WriteErrorAsync(context, status, message);
        }
    }
}
