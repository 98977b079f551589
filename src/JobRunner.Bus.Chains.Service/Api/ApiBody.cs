using System.Text.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Refusals;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace JobRunner.Bus.Chains.Service.Api;

/// <summary>A request that is answered with an error.</summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}

/// <summary>What comes in, of bounded size, and how an error goes out.</summary>
internal static class ApiBody
{
    /// <summary>Reads the whole body.</summary>
    /// <exception cref="ApiException">It is larger than that.</exception>
    public static async Task<byte[]> ReadAsync(HttpContext context, int mostBytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = mostBytes;
        }

        try
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            return body.ToArray();
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ApiException(error.StatusCode, $"the body has more than {mostBytes} bytes, the most that is taken (JobRunner__Worker__MaxCommandBytes)");
        }
    }

    /// <summary>The status and the words of an error.</summary>
    public static (int Status, string Message) Explain(Exception error) => error switch
    {
        ApiException own => (own.Status, own.Message),
        RefusedException or WireFormatException => (StatusCodes.Status400BadRequest, error.Message),
        BadHttpRequestException bad => (bad.StatusCode, bad.Message),
        OperationCanceledException => (StatusCodes.Status503ServiceUnavailable, "this instance takes no chains now: it ends, has only begun, or cannot use its store"),
        JobRunnerClientException => (StatusCodes.Status503ServiceUnavailable, error.Message),
        // Its words may tell of the store what is nobody's business.
        _ => (StatusCodes.Status500InternalServerError, $"{error.GetType().Name}; the log of the worker has the whole error"),
    };

    /// <summary>An error as Spin Cycle writes it.</summary>
    public static Task WriteErrorAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Remove("Location");
        context.Response.ContentType = Wire.ContentType;
        return context.Response.WriteAsync(
            new JsonObject
            {
                ["message"] = message,
                ["requestId"] = context.Request.RouteValues["id"] as string ?? "",
                ["httpStatus"] = status,
            }.ToJsonString(JsonSerializerOptions.Default),
            context.RequestAborted);
    }
}
