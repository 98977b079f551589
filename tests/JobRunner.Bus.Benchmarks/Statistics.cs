using System.Globalization;

namespace JobRunner.Bus.Benchmarks;

/// <summary>Medians and spreads of a few figures.</summary>
internal static class Statistics
{
    public static double Median(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The value that this share of all is not above.</summary>
    public static double Percentile(IReadOnlyList<double> sorted, double share) =>
        sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(share * sorted.Count) - 1)];

    /// <summary>Prints one figure's runs: median, least and most, and each.</summary>
    public static double Say(string what, IReadOnlyList<double> values, string format = "f2")
    {
        var median = Median(values);
        Console.WriteLine(
            $"  {what}: median {Format(median)}, {Format(values.Min())} to {Format(values.Max())}  [{string.Join(' ', values.Select(Format))}]");
        return median;

        string Format(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
