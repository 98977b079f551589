using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using JobRunner.Bus.Cli.Files;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>The whole command line: what it understands, and what it does with errors.</summary>
internal static class CommandLine
{
    /// <summary>Understands and carries out a command line.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CliServices services, CancellationToken cancellation = default)
    {
        IInterrupts? interrupts = null;
        var listen = services.ListenForInterrupts;
        services = services with { ListenForInterrupts = () => interrupts = listen() };
        var root = Build(services);
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors)
            {
                services.Screen.Error.WriteLine($"jobrunner: {error.Message}");
            }

            services.Screen.Error.WriteLine($"See: jobrunner{PathOf(parsed.CommandResult)} --help");
            return ExitCodes.Usage;
        }

        var configuration = new InvocationConfiguration
        {
            Output = services.Screen.Output,
            Error = services.Screen.Error,
            EnableDefaultExceptionHandler = false,

            // Commands that can be stopped listen for signals themselves.
            ProcessTerminationTimeout = null,
        };
        try
        {
            var exit = await parsed.InvokeAsync(configuration, cancellation);
            return exit == ExitCodes.Interrupted && interrupts is not null ? interrupts.ExitCode : exit;
        }
        catch (Exception error) when (error is JobFileException or UsageException)
        {
            services.Screen.Error.WriteLine($"jobrunner: {error.Message}");
            return ExitCodes.Usage;
        }
        catch (CommandException error)
        {
            services.Screen.Error.WriteLine($"jobrunner: {error.Message}");
            return ExitCodes.Failed;
        }
        catch (IOException error) when (OutputReader.HasGone(error))
        {
            return ExitCodes.OutputClosed;
        }
        catch (OutputClosedException)
        {
            return ExitCodes.OutputClosed;
        }
        catch (OperationCanceledException)
        {
            return interrupts?.ExitCode ?? ExitCodes.Interrupted;
        }
    }

    private static string PathOf(CommandResult result) =>
        result is { Command: not RootCommand, Parent: CommandResult parent } ? $"{PathOf(parent)} {result.Command.Name}" : "";

    /// <summary>The commands and their options.</summary>
    public static RootCommand Build(CliServices services)
    {
        var broker = new Option<string?>("--broker")
        {
            Description = "The broker, as amqp://user:password@host:5672/vhost. Goes before JobRunner__RabbitMq__Uri.",
            HelpName = "URI",
            Recursive = true,
        };
        var root = new RootCommand("Runs jobs: from a file on this machine, or from a RabbitMQ broker as a worker.")
        {
            WorkerCommand.Build(services, broker),
            RunCommand.Build(services, broker),
            SubmitCommand.Build(services, broker),
            StopCommand.Build(services, broker),
            DrainCommand.Build(services, broker),
            PsCommand.Build(services, broker),
            ChainsCommand.Build(services, broker),
            StatusCommand.Build(services, broker),
            DashboardCommand.Build(services, broker),
            LogsCommand.Build(services, broker),
            TopologyCommand.Build(services),
            CompletionCommand.Build(services),
            ErrorsCommand.Build(services, broker),
            ReplayCommand.Build(services, broker),
            MoveCommand.Build(services, broker),
        };
        root.Options.Add(broker);
        HelpWithExamples.AddTo(root);
        return root;
    }

    /// <summary>An option that makes the command print JSON.</summary>
    public static Option<bool> JsonOption(string description) => new("--json") { Description = description };

    /// <summary>The files of run and submit.</summary>
    public static Argument<string[]> FilesArgument() => new("FILE")
    {
        Description = "A RunJob, or a Spin Cycle job chain, as JSON; - for standard input.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The id of a request.</summary>
    public static Argument<string> RequestArgument() => new("REQUEST") { Description = "Id of the request." };

    /// <summary>The id of a job; may be left out.</summary>
    public static Argument<string?> JobArgument(string description) => new("JOB")
    {
        Description = description,
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>An option that takes a Go duration above zero.</summary>
    public static Option<TimeSpan?> DurationOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (GoDuration.TryParse(text, out var duration) && duration.Nanoseconds > 0 && text.Length > 0)
            {
                return (TimeSpan?)duration.ToTimeSpan();
            }

            result.AddError($"{name} \"{text}\" is not a duration above zero such as \"500ms\", \"30s\" or \"1m30s\".");
            return default;
        },
    };
}
