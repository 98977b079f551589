using System.Text;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Service;

/// <summary>Which ids every store can hold and tell apart.</summary>
internal static class ChainIds
{
    private const int MostBytes = 255;

    /// <summary>What is wrong with the ids of a chain.</summary>
    public static IEnumerable<string> Check(JobChain chain)
    {
        if (!IsGood(chain.RequestId))
        {
            yield return Must("requestId", chain.RequestId);
        }

        foreach (var id in chain.Jobs.Keys.Where(id => !IsGood(id)))
        {
            yield return Must("the id of a job", id);
        }
    }

    /// <summary>Whether a store can hold the id.</summary>
    public static bool IsGood(string id) =>
        id.Length > 0 && id == id.Trim() && Encoding.UTF8.GetByteCount(id) <= MostBytes && !id.Any(char.IsControl);

    private static string Must(string what, string id) =>
        $"{what} is \"{(id.Length <= 40 ? id : $"{id[..40]}…")}\"; it must have 1 to {MostBytes} bytes, no control characters, and no blanks at its ends";
}
