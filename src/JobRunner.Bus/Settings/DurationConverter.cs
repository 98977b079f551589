using System.ComponentModel;
using System.Globalization;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Settings;

/// <summary>Lets settings be written as Go durations (<c>30s</c>) beside .NET's <c>00:00:30</c>.</summary>
internal sealed class DurationConverter : TimeSpanConverter
{
    private static readonly Lazy<TypeDescriptionProvider> Registered =
        new(() => TypeDescriptor.AddAttributes(typeof(TimeSpan), new TypeConverterAttribute(typeof(DurationConverter))));

    /// <summary>Makes configuration binding use this converter.</summary>
    public static void Register() => _ = Registered.Value;

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        value is string text && text.Trim() is { Length: > 0 } trimmed && char.IsAsciiLetter(trimmed[^1]) && GoDuration.TryParse(trimmed, out var duration)
            ? duration.ToTimeSpan()
            : base.ConvertFrom(context, culture, value);
}
