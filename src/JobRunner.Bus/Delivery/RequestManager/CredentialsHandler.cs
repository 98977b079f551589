using System.Net;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>Sends the credentials with every attempt, and keeps them out of the words of an answer.</summary>
internal sealed class CredentialsHandler(RequestManagerCredentials credentials) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (credentials.AreNone)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        try
        {
            credentials.AddTo(request);
        }
        catch (FormatException error)
        {
            // The file has gone since the worker started: like a Request Manager that cannot be reached, this passes.
            throw new HttpRequestException(error.Message, error);
        }

        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Created || AnswerBodyHandler.IsAnswerToGet(response))
        {
            return response;
        }

        // The body is small by now: the first few KB, in memory.
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var blotted = credentials.Blot(text);
        if (!ReferenceEquals(text, blotted))
        {
            response.Content.Dispose();
            response.Content = new StringContent(blotted);
        }

        return response;
    }
}
