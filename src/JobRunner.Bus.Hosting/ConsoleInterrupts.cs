using System.Runtime.InteropServices;

namespace JobRunner.Bus.Hosting;

/// <summary>
/// The first Ctrl-C or SIGTERM cancels the token; the second has its usual effect: the process ends at once.
/// </summary>
internal sealed class ConsoleInterrupts : IInterrupts
{
    private const int ByCtrlC = 130;
    private const int BySigterm = 143;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations;
    private int _signals;

    public ConsoleInterrupts() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
    ];

    public CancellationToken Stop => _stop.Token;

    public int ExitCode { get; private set; } = ByCtrlC;

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (Interlocked.Increment(ref _signals) == 1)
        {
            context.Cancel = true;
            ExitCode = context.Signal == PosixSignal.SIGTERM ? BySigterm : ByCtrlC;
            _stop.Cancel();
            return;
        }

        // Live progress hides the cursor; a process that just ends would leave it hidden.
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write("\u001b[?25h");
        }

        Environment.Exit(context.Signal == PosixSignal.SIGTERM ? BySigterm : ByCtrlC);
    }
}
