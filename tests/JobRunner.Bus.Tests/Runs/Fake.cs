using System.Reflection;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>Stands for a large interface of which a test needs a few members; any other member throws.</summary>
public class Fake : DispatchProxy
{
    private Dictionary<string, Func<object?[], object?>> _members = [];

    /// <summary>A fake whose methods of these names do as told; properties are <c>get_Name</c>.</summary>
    public static T Of<T>(params (string Member, Func<object?[], object?> Does)[] members)
        where T : class
    {
        var fake = Create<T, Fake>();
        ((Fake)(object)fake)._members = members.ToDictionary(member => member.Member, member => member.Does, StringComparer.Ordinal);
        return fake;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        ArgumentNullException.ThrowIfNull(targetMethod);
        return _members.TryGetValue(targetMethod.Name, out var does)
            ? does(args ?? [])
            : throw new NotSupportedException($"{targetMethod.DeclaringType?.Name}.{targetMethod.Name} is not faked");
    }
}
