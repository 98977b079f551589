using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace JobRunner.Bus.Dashboard;

/// <summary>The files that browsers load, out of this assembly.</summary>
internal static class Asset
{
    private static readonly (string Name, string Type)[] Files =
    [
        ("blazor.web.js", "text/javascript; charset=utf-8"),
        ("dashboard.js", "text/javascript; charset=utf-8"),
        ("dashboard.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ];

    /// <summary>Serves them below <c>assets/</c>. A browser that has one asks only whether it is still the same.</summary>
    public static void MapAll(IEndpointRouteBuilder endpoints)
    {
        foreach (var (name, type) in Files)
        {
            var content = Read(name);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content)[..8])}\"");
            endpoints.MapGet($"/assets/{name}", (HttpContext context) =>
            {
                context.Response.Headers.CacheControl = "no-cache";
                return Results.Bytes(content, type, entityTag: tag);
            });
        }
    }

    private static byte[] Read(string name)
    {
        using var stream = typeof(Asset).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in this assembly");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
