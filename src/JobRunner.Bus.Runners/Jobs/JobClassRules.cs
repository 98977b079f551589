using System.Reflection;
using System.Runtime.CompilerServices;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>Mistakes in the code of a job that the runtime would not tell, or only at the first command.</summary>
internal static class JobClassRules
{
    // The column of the Request Manager's table.
    private const int LongestType = 75;

    /// <summary>What is wrong with the name of a type; <see langword="null"/> for nothing.</summary>
    public static string? NameProblem(string type) =>
        System.Text.Encoding.UTF8.GetByteCount(type) > LongestType
            ? $"Job type \"{type}\" is longer than the {LongestType} bytes that a Request Manager holds."
        : type.Trim().Length != type.Length || type.Any(char.IsControl)
            ? $"Job type \"{type}\" begins or ends with a blank, or has a control character in it: schedulers would not find it."
        : null;

    /// <summary>What is wrong with the class of a job; <see langword="null"/> for nothing.</summary>
    public static string? ClassProblem(Type job)
    {
        if (job.IsAbstract)
        {
            return $"{job} is abstract, so that no job can be made of it.";
        }

        if (job.GetCustomAttribute<RequiredMemberAttribute>() is not null
            && !job.GetConstructors().Any(constructor => constructor.IsDefined(typeof(System.Diagnostics.CodeAnalysis.SetsRequiredMembersAttribute))))
        {
            return $"{job} has required members, which nobody sets: take services in the constructor, and the job's own data in Deserialize.";
        }

        foreach (var payload in job.GetInterfaces().Where(one => one.IsGenericType && one.GetGenericTypeDefinition() == typeof(IJob<>)).Select(one => one.GetGenericArguments()[0]))
        {
            if (Payload.Problem(payload) is { } problem)
            {
                return $"no payload {payload} of {job} can be read from JSON: {problem}";
            }
        }

        return AsyncVoid(job) is { } method
            ? $"{method.DeclaringType}.{method.Name} is async void: nobody waits for it, and what it throws ends the worker. Let it return a Task."
            : null;
    }

    private static MethodInfo? AsyncVoid(Type job)
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        for (var type = job; type is not null && type != typeof(object); type = type.BaseType)
        {
            if (type.GetMethods(Own).FirstOrDefault(method => method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute))) is { } found)
            {
                return found;
            }
        }

        return null;
    }
}
