using System.Globalization;
using System.Text;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>Writes spans as a tree, for people.</summary>
internal static class SpanTree
{
    private static readonly string[] Shown =
    [
        "jobrunner.try.number", "jobrunner.job.state", "jobrunner.message.redelivered", "http.response.status_code", "error.type",
    ];

    /// <summary>The children of a span, each with its start from the first one and its length, milliseconds.</summary>
    public static string Of(IReadOnlyList<OtlpSpan> spans, string root)
    {
        var text = new StringBuilder();
        Write(text, spans, root, 0, spans.Min(span => span.Start));
        return text.ToString();
    }

    private static void Write(StringBuilder text, IReadOnlyList<OtlpSpan> spans, string parent, int depth, long began)
    {
        foreach (var span in spans.Where(span => span.ParentId == parent).OrderBy(span => span.Start))
        {
            var facts = string.Join(", ", Shown.Where(name => span[name].Length > 0).Select(name => $"{name}={span[name]}"));
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{(span.Start - began) / 1e6,8:0} +{(span.End - span.Start) / 1e6,6:0} ms  {new string(' ', 2 * depth)}{span.Name}{(span.Failed ? " !" : "")}  {facts}");
            Write(text, spans, span.SpanId, depth + 1, began);
        }
    }
}
