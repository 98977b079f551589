using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace JobRunner.Bus.Dashboard.Parts;

/// <summary>A chain as a graph: every job a link to what the page says of it. In C#, since Razor takes SVG's text element for its own.</summary>
public sealed class ChainGraph : ComponentBase
{
    private const int LongestName = 20;

    /// <summary>The chain's jobs, each after those it follows.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ChainJobStatus> Jobs { get; set; } = [];

    /// <summary>The address of what the page says of a job, by its id.</summary>
    [Parameter, EditorRequired]
    public Func<string, string> Link { get; set; } = _ => "";

    /// <inheritdoc/>
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var layout = ChainLayout.Of(Jobs);
        builder.OpenElement(0, "svg");
        Set(builder, ("class", "graph"), ("width", Text(layout.Width)), ("height", Text(layout.Height)), ("viewBox", $"0 0 {Text(layout.Width)} {Text(layout.Height)}"));
        foreach (var (from, to) in layout.Edges)
        {
            builder.OpenElement(10, "path");
            Set(builder, ("d", Way(from, to)), ("aria-hidden", "true"));
            builder.CloseElement();
        }

        foreach (var placed in layout.Jobs)
        {
            Draw(builder, placed);
        }

        builder.CloseElement();
    }

    private void Draw(RenderTreeBuilder builder, PlacedJob placed)
    {
        var job = placed.Job;
        var name = Say.Job(job.Name, job.Id);
        var state = job.State.ToSeedName();
        var tries = job.Tries > 0 ? Words.Count(job.Tries, "try", "tries") : "";
        builder.OpenElement(20, "a");
        builder.SetKey(job.Id);

        // With a target the browser itself goes there, and the keyboard with it; Blazor would only scroll.
        Set(builder, ("href", Link(job.Id)), ("target", "_top"));
        builder.OpenElement(30, "rect");
        Set(builder, ("x", Text(placed.X)), ("y", Text(placed.Y)), ("width", Text(ChainLayout.JobWidth)), ("height", Text(ChainLayout.JobHeight)), ("rx", "8"));
        builder.CloseElement();
        Write(builder, "", placed.X + 10, placed.Y + 20, name.Length <= LongestName ? name : $"{name[..(LongestName - 1)]}…");
        Write(builder, $"state {state.ToLowerInvariant()}", placed.X + 10, placed.Y + 39, state);
        Write(builder, "tries", placed.X + ChainLayout.JobWidth - 10, placed.Y + 39, tries);
        builder.CloseElement();
    }

    private static void Write(RenderTreeBuilder builder, string kind, int x, int y, string text)
    {
        builder.OpenElement(40, "text");
        Set(builder, ("class", kind), ("x", Text(x)), ("y", Text(y)));
        builder.AddContent(41, text);
        builder.CloseElement();

        // The link's name is what it shows, word by word.
        builder.AddContent(42, " ");
    }

    /// <summary>From the right edge of a job to the left edge of one that follows it, with an arrow's head.</summary>
    private static string Way(PlacedJob from, PlacedJob to)
    {
        var (x1, y1) = (from.X + ChainLayout.JobWidth, from.Y + (ChainLayout.JobHeight / 2));
        var (x2, y2) = (to.X, to.Y + (ChainLayout.JobHeight / 2));
        var middle = (x1 + x2) / 2;
        return string.Create(CultureInfo.InvariantCulture, $"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2 - 1} {y2} m-7 -4 l7 4 l-7 4");
    }

    private static void Set(RenderTreeBuilder builder, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        foreach (var (name, value) in attributes)
        {
            builder.AddAttribute(1, name, value);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
