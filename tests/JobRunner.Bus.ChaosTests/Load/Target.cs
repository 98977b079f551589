using JobRunner.Bus.ChaosTests.History;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.ChaosTests.Load;

/// <summary>What the tries call: it notes that they have begun, keeps them for as long as they take, and notes their end.</summary>
public sealed class Target : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Recording _history;

    private Target(WebApplication app, Recording history) => (_app, _history) = (app, history);

    /// <summary>Where it listens.</summary>
    public string Url => _app.Urls.Single();

    /// <summary>Told of each try that begins: its job and run.</summary>
    public Action<string, int> Begun { get; set; } = (_, _) => { };

    public static async Task<Target> StartAsync(Recording history)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        var target = new Target(builder.Build(), history);
        target._app.MapGet("/{worker}/{job}/{run:int}/{number:long}/{takes:int}/{at:long}", target.AnswerAsync);
        await target._app.StartAsync();
        return target;
    }

    private async Task<IResult> AnswerAsync(string worker, string job, int run, long number, int takes, long at, HttpContext http)
    {
        _history.Add(new TryStarted(new DateTimeOffset(at, TimeSpan.Zero), job, run, number, worker));
        Begun(job, run);
        var cutShort = false;
        try
        {
            await Task.Delay(takes, http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            cutShort = true;
        }

        _history.Add(new TryEnded(DateTimeOffset.UtcNow, job, run, number, worker, cutShort));
        return Results.StatusCode(200);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
