using Microsoft.AspNetCore.Routing;

namespace JobRunner.Bus.Hosting;

/// <summary>Further pages on the worker's HTTP port: register one of these as a singleton.</summary>
/// <param name="Map">Maps them.</param>
public sealed record MorePages(Action<IEndpointRouteBuilder> Map);
