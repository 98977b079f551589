using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>A browser window of one test, and what went wrong in it.</summary>
public sealed class Visitor : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = new();

    public Visitor(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.SetDefaultTimeout(20_000);
        page.Console += (_, message) =>
        {
            if (message.Type is "error")
            {
                _errors.Enqueue(message.Text);
            }
        };
        page.PageError += (_, error) => _errors.Enqueue(error);
    }

    public IPage Page { get; }

    /// <summary>What the browser's console has of errors, refusals of the content security policy among them.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Opens a page and waits until it is live.</summary>
    public async Task OpenAsync(string path)
    {
        await Page.GotoAsync(path);
        await Assertions.Expect(Page.Locator("main")).ToHaveAttributeAsync("aria-busy", "false", new() { Timeout = 20_000 });
    }

    /// <summary>Waits until an element's text holds this.</summary>
    public Task SeesAsync(string selector, string text) => Assertions.Expect(Page.Locator(selector)).ToContainTextAsync(text, new() { Timeout = 20_000 });

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
