using System.Globalization;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Topology;

/// <summary>What a broker says of itself when a client connects.</summary>
internal static class BrokerVersion
{
    private static readonly Version Oldest = new(3, 10);

    private static readonly Version SoundInClusters = new(3, 13);

    /// <summary>What is to be known of it in a cluster; nothing where it is sound, or its version not known.</summary>
    public static PreflightFinding? CheckCluster(string endpoint, IEnumerable<KeyValuePair<string, object?>>? serverProperties)
    {
        var told = HeaderText.Of((serverProperties ?? []).FirstOrDefault(property => property.Key == "version").Value);
        return Parse(told) is { } version && version < SoundInClusters
            ? new PreflightFinding(
                $"cluster {endpoint}: RabbitMQ {told}",
                PreflightVerdict.Note,
                $"RabbitMQ {told} can hold waiting runs back after the loss of a node until that node is back, or is restarted once more",
                "Upgrade it to 3.13 or newer; until then name the waits of your jobs in JobRunner__Worker__KnownWaits, and drain nodes before you restart them")
            : null;
    }

    /// <summary>Whether workers can work with it.</summary>
    public static PreflightFinding Check(string endpoint, IEnumerable<KeyValuePair<string, object?>>? serverProperties)
    {
        var properties = (serverProperties ?? []).ToDictionary(property => property.Key, property => HeaderText.Of(property.Value), StringComparer.Ordinal);
        var product = properties.GetValueOrDefault("product", "");
        var told = properties.GetValueOrDefault("version", "");
        var what = $"broker {endpoint}: {(product.Length > 0 ? product : "unknown product")} {told}".TrimEnd();
        if (product != "RabbitMQ")
        {
            return new PreflightFinding(
                what, PreflightVerdict.Warning, "The broker says that it is not RabbitMQ", "JobRunner.Bus needs quorum queues and streams as RabbitMQ has them; try it out before you rely on it");
        }

        if (Parse(told) is not { } version)
        {
            return new PreflightFinding(what, PreflightVerdict.Warning, $"The broker's version \"{told}\" is unknown", $"It must be {Oldest} or newer");
        }

        if (version < Oldest)
        {
            return new PreflightFinding(
                what, PreflightVerdict.Wrong, $"The broker is RabbitMQ {told}", $"Upgrade it to {Oldest} or newer: workers need streams, and quorum queues that dead-letter at least once");
        }

        return version.Major == Oldest.Major && version.Minor == Oldest.Minor
            ? new PreflightFinding(
                what,
                PreflightVerdict.Note,
                $"RabbitMQ {told} may lose a stream whose node is killed within a second of the stream's making",
                "After the very first start of a worker leave the broker alone for a few seconds, or upgrade it")
            : new PreflightFinding(what, PreflightVerdict.Good);
    }

    // "4.0.0-rc.1", "3.13.7+2.g123": the numbers count.
    private static Version? Parse(string text)
    {
        var numbers = new string([.. text.TakeWhile(letter => char.IsAsciiDigit(letter) || letter == '.')]).Split('.');
        return numbers.Length >= 2
            && int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && int.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            ? new Version(major, minor)
            : null;
    }
}
