using System.Net;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>
/// Decides how much of an answer's body is read, inside the attempt and so within its timeout: all of a job log asked
/// for, nothing of a 201 (which echoes up to 16 MB), the first <see cref="PrefixBytes"/> of anything else.
/// </summary>
internal sealed class AnswerBodyHandler : DelegatingHandler
{
    public const int PrefixBytes = 8 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            if (IsAnswerToGet(response))
            {
                await response.Content.LoadIntoBufferAsync(cancellationToken);
            }
            else if (response.StatusCode != HttpStatusCode.Created)
            {
                var whole = response.Content;
                response.Content = new ByteArrayContent(await PrefixAsync(whole, cancellationToken));
                whole.Dispose();
            }

            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Whether this is the successful answer to a question, not to a job log.</summary>
    public static bool IsAnswerToGet(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.OK && response.RequestMessage?.Method == HttpMethod.Get;

    private static async Task<byte[]> PrefixAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var prefix = new byte[PrefixBytes];
        var stream = await content.ReadAsStreamAsync(cancellationToken);
        var length = await stream.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false, cancellationToken);
        return prefix[..length];
    }
}
