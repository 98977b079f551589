using Spectre.Console;
using Spectre.Console.Rendering;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>Where the program writes: a terminal with colours, or plain lines for a pipe. Errors go to their own writer.</summary>
internal sealed class Screen(IAnsiConsole? terminal, TextWriter output, TextWriter error)
{
    // No line of a pipe is wrapped: what reads it takes it line by line.
    private const int PipeWidth = 10_000;

    private const int NarrowestTable = 72;

    // Ids are copied, states looked for: they stay whole.
    private static readonly string[] WholeColumns = ["REQUEST ID", "ID", "TRY", "STATE"];

    /// <summary>The terminal; <see langword="null"/> when output goes to a pipe or a file.</summary>
    public IAnsiConsole? Terminal { get; } = terminal;

    /// <summary>Standard output, for text that must stay as it is.</summary>
    public TextWriter Output { get; } = output;

    /// <summary>Makes a token that fires when nobody reads the output any more.</summary>
    public Func<CancellationToken> WatchReader { get; init; } = () => CancellationToken.None;

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; } = error;

    /// <summary>The process's own console.</summary>
    public static Screen FromProcess() => Console.IsOutputRedirected ? new Screen(null, OutputReader.Open(), Console.Error) { WatchReader = OutputReader.WatchGone } : OfTerminal();

    /// <remarks>Apart, so that a worker, whose output goes to a log, never loads what draws.</remarks>
    private static Screen OfTerminal() => new(AnsiConsole.Create(new AnsiConsoleSettings()), Console.Out, Console.Error);

    /// <summary>Writes something drawn, and ends the line.</summary>
    public void Write(IRenderable drawn)
    {
        if (Terminal is { } terminal)
        {
            terminal.Write(drawn);
            return;
        }

        var text = new StringWriter();
        var plain = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        plain.Profile.Width = PipeWidth;
        plain.Profile.Capabilities.Unicode = true;
        plain.Write(drawn);
        foreach (var line in text.ToString().TrimEnd().Split('\n'))
        {
            Output.WriteLine(line.TrimEnd());
        }
    }

    /// <summary>Whether a table would only be a heap of broken words.</summary>
    public bool IsTooNarrowForTables => Terminal?.Profile.Width < NarrowestTable;

    /// <summary>A table for this screen: ruled on a terminal, bare columns in a pipe.</summary>
    public Table NewTable(params ReadOnlySpan<string> columns)
    {
        var table = new Table { Border = Terminal is null ? TableBorder.None : TableBorder.Rounded };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold)))
            {
                NoWrap = WholeColumns.Contains(column),
                Padding = Terminal is null ? new Padding(0, 0, 2, 0) : new Padding(1, 0, 1, 0),
            });
        }

        return table;
    }
}
