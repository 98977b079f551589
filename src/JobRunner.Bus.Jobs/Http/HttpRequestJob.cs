using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs.Http;

/// <summary>
/// Sends one HTTP request. An expected status is COMPLETE, anything else FAIL. stdout is the answer's body, stderr its
/// status line and headers; what was sent is never told, it may hold secrets.
/// </summary>
internal sealed class HttpRequestJob(IHttpClientFactory clients, AllowedTargets targets, IOptions<BuiltInJobsOptions> options, TimeProvider time) : IJob
{
    private const int BufferSize = 64 * 1024;

    private readonly HttpJobOptions _options = options.Value.Http;
    private RequestPlan? _plan;

    public void Deserialize(ReadOnlySpan<byte> bytes)
    {
        _plan = RequestPlan.Read(bytes);
        if (targets.WhyNot(_plan.Target) is { } why)
        {
            throw new InvalidOperationException(why);
        }
    }

    public async Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
    {
        var plan = _plan ?? throw new InvalidOperationException("Deserialize comes first.");
        var body = new BoundedOutput(_options.MaxBodyBytes);
        var head = "";
        using var deadline = new CancellationTokenSource(_options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopToken, deadline.Token);

        context.ReportStatus($"sending {plan.Description}");
        try
        {
            using var client = clients.CreateClient(plan.FollowRedirects ? HttpRequestClients.Following : HttpRequestClients.Plain);
            using var request = plan.ToMessage();
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var status = (int)response.StatusCode;
            head = Describe(response);
            context.ReportStatus($"reading the answer {status} of {plan.Description}");
            await ReadAsync(response, body, either.Token);
            return plan.Expects(status)
                ? Result(JobState.Complete, null)
                : Result(JobState.Fail, $"{plan.Description} answered {status}, expected {plan.Expectation}");
        }
        catch (OperationCanceledException) when (stopToken.IsCancellationRequested)
        {
            return Result(JobState.Stopped, null);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return Result(
                JobState.Fail,
                $"{plan.Description} was not answered in full within {GoDuration.FromTimeSpan(_options.Timeout)} "
                    + "(JobRunner__Jobs__Http__Timeout)");
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return Result(JobState.Fail, $"{plan.Description} failed: {Reasons(error)}");
        }
        finally
        {
            context.ReportStatus($"done with {plan.Description}");
        }

        JobResult Result(JobState state, string? error) => new()
        {
            State = state,
            Exit = state == JobState.Fail ? 1 : 0,
            Error = error,
            Stdout = body.ToString(),
            Stderr = head,
        };
    }

    private static async Task ReadAsync(HttpResponseMessage response, BoundedOutput body, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[BufferSize];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            body.Append(buffer.AsSpan(0, count));
        }
    }

    private static string Describe(HttpResponseMessage response)
    {
        var text = new StringBuilder($"HTTP/{response.Version} {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd()).Append('\n');
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            // A session cookie is as good as a password.
            var shown = name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase) ? "***" : string.Join(", ", values);
            text.Append(name).Append(": ").Append(shown).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The messages of an exception and its causes: the outer one alone often says no more than "an error".</summary>
    private static string Reasons(Exception error)
    {
        List<string> reasons = [];
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (!reasons.Exists(reason => reason.Contains(cause.Message, StringComparison.Ordinal)))
            {
                reasons.Add(cause.Message.TrimEnd('.'));
            }
        }

        return string.Join(": ", reasons);
    }
}
