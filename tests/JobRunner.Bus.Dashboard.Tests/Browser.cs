using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>One real browser for all tests of the project that need one: Debian's chromium; nothing is downloaded.</summary>
public sealed class Browser : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    private readonly Lazy<Task<(IPlaywright Playwright, IBrowser Chromium)>> _started = new(StartAsync);

    /// <summary>A person of its own: no cookies, nothing in the cache.</summary>
    public async Task<Visitor> VisitAsync(Uri dashboard, ColorScheme colors = ColorScheme.Light, int width = 1280, bool script = true)
    {
        ArgumentNullException.ThrowIfNull(dashboard);
        var context = await (await _started.Value).Chromium.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = dashboard.ToString(),
            ColorScheme = colors,
            JavaScriptEnabled = script,
            // A test's own authority is nobody's.
            IgnoreHTTPSErrors = true,
            ViewportSize = new ViewportSize { Width = width, Height = 800 },
        });
        return new Visitor(context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_started.IsValueCreated)
        {
            var (playwright, chromium) = await _started.Value;
            await chromium.DisposeAsync();
            playwright.Dispose();
        }
    }

    private static async Task<(IPlaywright, IBrowser)> StartAsync()
    {
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException($"{Program} is missing: apt-get install chromium (infra/test.sh does); browser tests are never skipped");
        }

        var playwright = await Playwright.CreateAsync();
        // Five seconds are little on a machine with work to do.
        Assertions.SetDefaultExpectTimeout(20_000);
        return (playwright, await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = Program, Args = ["--no-sandbox", "--disable-dev-shm-usage"] }));
    }
}
