using System.Collections.Concurrent;
using JobRunner.Bus.ChaosTests.History;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.ChaosTests.Load;

/// <summary>What the tries call: it notes that they have begun, keeps them for as long as they take, and lets them fail.</summary>
public sealed class Target : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Recording _history;
    private readonly TriesUnderWay _underWay;
    private readonly ConcurrentDictionary<string, int> _calls = new(StringComparer.Ordinal);

    private Target(WebApplication app, Recording history, TriesUnderWay underWay) => (_app, _history, _underWay) = (app, history, underWay);

    public static async Task<Target> StartAsync(Recording history, TriesUnderWay underWay)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        var target = new Target(builder.Build(), history, underWay);
        target._app.MapGet("/{job}/{fails:int}/{takes:int}", target.AnswerAsync);
        await target._app.StartAsync();
        return target;
    }

    /// <summary>What a job's tries call.</summary>
    public string UrlOf(ChaosJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return $"{_app.Urls.Single()}/{job.Id}/{job.Fails}/{(int)job.TryTakes.TotalMilliseconds}";
    }

    private async Task<IResult> AnswerAsync(string job, int fails, int takes, HttpContext http)
    {
        _history.Add(new TryStarted(DateTimeOffset.UtcNow, job));
        _underWay.Started(job);
        var call = _calls.AddOrUpdate(job, 1, (_, calls) => calls + 1);
        try
        {
            await Task.Delay(takes, http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            return Results.StatusCode(499);
        }

        return Results.StatusCode(call > fails ? 200 : 503);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
