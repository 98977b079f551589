using System.Reflection;

namespace JobRunner.Bus.Settings;

/// <summary>A section of settings and the options it is bound to, which say what names it may hold.</summary>
/// <param name="Path">The section, such as <c>JobRunner:Worker</c>.</param>
/// <param name="Options">The type of its options.</param>
internal sealed record SettingsSection(string Path, Type Options)
{
    /// <summary>Whether other names than its own may lie below it: settings of a job author's own.</summary>
    public bool IsShared { get; init; }

    /// <summary>Every setting of it, as a path from the root, with the type of its value.</summary>
    public IEnumerable<(string Path, Type Type)> Settings() => SettingsOf(Path, Options);

    /// <summary>A setting that options of this type have, by its name in any case.</summary>
    public static PropertyInfo? Find(Type options, string name) => Array.Find(
        options.GetProperties(BindingFlags.Public | BindingFlags.Instance),
        property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && (property.CanWrite || ItemOf(property.PropertyType) is not null));

    /// <summary>The type of a list's items; <see langword="null"/> for what is no list.</summary>
    public static Type? ItemOf(Type type) => type.IsGenericType && type.GetInterfaces().Append(type).Any(one => one == typeof(System.Collections.IEnumerable))
        ? type.GetGenericArguments()[0]
        : null;

    /// <summary>Whether a value of this type is a group of settings, not one of them.</summary>
    public static bool IsGroup(Type type) => type.IsClass && type != typeof(string) && ItemOf(type) is null;

    private static IEnumerable<(string, Type)> SettingsOf(string path, Type options) =>
        options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => Find(options, property.Name) is not null)
            .SelectMany(property => IsGroup(property.PropertyType)
                ? SettingsOf($"{path}:{property.Name}", property.PropertyType)
                : [($"{path}:{property.Name}", property.PropertyType)]);
}
