using System.Text.RegularExpressions;

namespace JobRunner.Bus.Topology;

/// <summary>Collects which permissions a user lacks, so that they are told together.</summary>
internal sealed partial class PreflightPermissions(string user, string virtualHost)
{
    private readonly SortedDictionary<string, List<string>> _lacking = new(StringComparer.Ordinal);

    /// <summary>A part of a name that stands for any: told as a star.</summary>
    public static string AnyName() => $"preflight-{Guid.NewGuid():N}";

    /// <summary>The broker refused something.</summary>
    /// <param name="reply">Its words, such as <c>access to queue 'run-job' in vhost '/' refused</c>.</param>
    /// <param name="onQueue">The permission that was needed if it names a queue.</param>
    /// <param name="onExchange">The permission that was needed if it names an exchange.</param>
    public void Lacks(string reply, string onQueue, string onExchange)
    {
        var isQueue = reply.Contains("to queue '", StringComparison.Ordinal);
        var kind = isQueue ? "queue" : "exchange";
        var start = reply.IndexOf($"{kind} '", StringComparison.Ordinal);
        var name = start < 0 ? reply : reply[(start + kind.Length + 2)..].Split('\'')[0];
        name = AnyNames().Replace(name, "*");
        var permission = isQueue ? onQueue : onExchange;
        if (!_lacking.TryGetValue(permission, out var names))
        {
            _lacking[permission] = names = [];
        }

        if (!names.Contains($"{kind} {name}"))
        {
            names.Add($"{kind} {name}");
        }
    }

    /// <summary>Whether this permission is lacking on that exchange.</summary>
    public bool IsLackingOnExchange(string permission, string exchange) =>
        _lacking.TryGetValue(permission, out var names) && names.Contains($"exchange {exchange}");

    /// <summary>One finding per permission.</summary>
    public IEnumerable<PreflightFinding> Findings()
    {
        var what = $"permissions of user \"{user}\"";
        if (_lacking.Count == 0)
        {
            yield return new PreflightFinding(what, PreflightVerdict.Good);
        }

        foreach (var (permission, names) in _lacking)
        {
            yield return new PreflightFinding(
                what,
                PreflightVerdict.Wrong,
                $"User \"{user}\" has no {permission} permission in virtual host \"{virtualHost}\" on {string.Join(", ", names)}",
                $"Give it, for instance with: rabbitmqctl set_permissions -p '{virtualHost}' '{user}' '.*' '.*' '.*' (configure, write, read)");
        }
    }

    [GeneratedRegex("preflight-[0-9a-f]+")]
    private static partial Regex AnyNames();
}
