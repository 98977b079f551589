using System.Globalization;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>Cuts job logs to what a page bears: of each text its beginning and its end, and of all together no more than a budget. Not safe for several threads.</summary>
/// <param name="budget">Characters of all logs together; what comes after them is left out.</param>
internal sealed class OutputCut(long budget = 8 * 1024 * 1024)
{
    /// <summary>Most characters of one text.</summary>
    public const int Longest = 64 * 1024;

    private long _left = budget;

    /// <summary>The log, with texts that say what they lack.</summary>
    public JobLogRecorded Keep(JobLogRecorded log) => log with { Stdout = Cut(log.Stdout), Stderr = Cut(log.Stderr), Error = Cut(log.Error), Unknown = null };

    /// <summary>The text, which says what it lacks.</summary>
    public string Cut(string text)
    {
        if (text.Length > 0 && _left <= 0)
        {
            return Gap(text.Length);
        }

        var cut = text;
        if (text.Length > Longest)
        {
            var head = Longest / 2;
            var tail = text.Length - head;

            // Half a character is none.
            head -= char.IsLowSurrogate(text[head]) ? 1 : 0;
            tail += char.IsLowSurrogate(text[tail]) ? 1 : 0;
            cut = $"{text[..head]}\n{Gap(tail - head)}\n{text[tail..]}";
        }

        _left -= cut.Length;
        return cut;
    }

    private static string Gap(int characters) => string.Create(CultureInfo.InvariantCulture, $"… {characters:N0} characters are not shown here …");
}
