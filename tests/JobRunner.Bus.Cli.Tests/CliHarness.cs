using System.Text;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using Microsoft.Extensions.Time.Testing;
using Spectre.Console.Testing;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>The program with everything around it replaced; at noon.</summary>
internal sealed class CliHarness : IDisposable
{
    public const string OneJob = """{"requestId":"r1","job":{"id":"aaaa","name":"only","type":"noop"}}""";
    public const string TwoJobs = """{"requestId":"r2","jobs":{"aaaa":{"type":"noop"},"bbbb":{"type":"noop"}},"adjacencyList":{"aaaa":["bbbb"]}}""";

    private readonly StringWriter _output = new();
    private readonly LineWriter _error = new();
    private readonly FakeInterrupts _interrupts = new();

    /// <summary>What the broker is short of, look by look.</summary>
    public Func<string?>? Alarm { get; set; }

    public Dictionary<string, long?> Counts { get; } = [];

    public string? Variable { get; set; } = "amqp://me:secret@rabbit:5673/jobs";

    /// <summary>The program is told to end by SIGTERM, not by Ctrl-C.</summary>
    public void Terminate()
    {
        _interrupts.ExitCode = 143;
        _interrupts.Press();
    }

    public string Input { get; set; } = OneJob;

    public FakeSchedulerBus Bus { get; set; } = new(_ => RunEnd.Complete);

    public FakeBrokerControl Control { get; set; } = new();

    public IReadOnlyList<JobLogRecorded> Logs { get; set; } = [];

    public Exception? HighestTriesError { get; set; }

    public Action? OnReadLogs { get; set; }

    public bool HasRequestManager { get; set; }

    public FakeRepairBroker Repair { get; } = new();

    /// <summary>The broker at the address that has "next-broker" in it.</summary>
    public FakeRepairBroker Other { get; } = new();

    public FakeStoredTries Stored { get; } = new();

    public TestConsole? Terminal { get; set; }

    public EmbeddedBusArguments? Embedded { get; private set; }

    public DashboardArguments? Dashboard { get; private set; }

    public WorkerArguments? Worker { get; private set; }

    public List<string> Addresses { get; } = [];

    public CancellationToken ReaderGone { get; set; }

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    /// <summary>Told each line of standard error, when it is there.</summary>
    public Action<string> OnError { set => _error.OnLine = value; }

    public void PressCtrlC() => _interrupts.Press();

    public string TakeOutput()
    {
        var text = Output;
        _output.GetStringBuilder().Clear();
        return text;
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        Terminal?.Dispose();
    }

    public Task<int> RunAsync(string line, TimeProvider? time = null) =>
        RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), time);

    public Task<int> RunAsync(IReadOnlyList<string> arguments, TimeProvider? time = null)
    {
        var services = new CliServices
        {
            Screen = new Screen(Terminal, _output, _error) { WatchReader = () => ReaderGone },
            Time = time ?? new FakeTimeProvider(Chains.Noon),
            Environment = name => name == BrokerOption.Variable ? Variable : null,
            OpenStandardInput = () => new MemoryStream(Encoding.UTF8.GetBytes(Input)),
            ListenForInterrupts = () => _interrupts,
            RunDashboard = (arguments, _) =>
            {
                Dashboard = arguments;
                return Task.FromResult(43);
            },
            RunWorker = (arguments, _) =>
            {
                Worker = arguments;
                return Task.FromResult(42);
            },
            OpenEmbeddedBus = (arguments, _) =>
            {
                Embedded = arguments;
                return Task.FromResult<IEmbeddedBus>(Bus);
            },
            ReadHighestTries = (_, _) => HighestTriesError is { } error ? throw error : Task.FromResult<IReadOnlyDictionary<string, long>>(new Dictionary<string, long> { ["aaaa"] = 4 }),
            ReadLogs = (_, cancellation) =>
            {
                OnReadLogs?.Invoke();
                cancellation.ThrowIfCancellationRequested();
                return Task.FromResult(Logs);
            },
            HasRequestManager = () => HasRequestManager,
            OpenBrokerBus = (address, _, _) =>
            {
                Addresses.Add(address.ToString());
                return Task.FromResult<ISchedulerBus>(Bus);
            },
            OpenStoredTries = requestManager =>
            {
                Stored.RequestManager = requestManager;
                return Stored;
            },
            OpenRepairBroker = (address, _) =>
            {
                Addresses.Add(address.ToString());
                return Task.FromResult<IRepairBroker>(address.ToString().Contains("next-broker", StringComparison.Ordinal) ? Other : Repair);
            },
            LookForAlarm = (_, _) => Task.FromResult(Alarm?.Invoke()),
            CountMessages = (_, queues, _) => Task.FromResult<IReadOnlyDictionary<string, long?>>(queues.ToDictionary(queue => queue, queue => Counts.GetValueOrDefault(queue, 0))),
            OpenBrokerControl = (address, _) =>
            {
                Addresses.Add(address.ToString());
                return Task.FromResult<IBrokerControl>(Control);
            },
        };
        return CommandLine.RunAsync(
            arguments,
            services,
            TestContext.Current.CancellationToken);
    }

    private sealed class LineWriter : StringWriter
    {
        public Action<string>? OnLine { get; set; }

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            OnLine?.Invoke(value ?? "");
        }
    }

    private sealed class FakeInterrupts : IInterrupts
    {
        private readonly CancellationTokenSource _stop = new();

        public CancellationToken Stop => _stop.Token;

        public int ExitCode { get; set; } = 130;

        public void Press() => _stop.Cancel();

        public void Dispose()
        {
            // Used by several commands of one test.
        }
    }
}
