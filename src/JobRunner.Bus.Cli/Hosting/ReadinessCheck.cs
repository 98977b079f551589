using JobRunner.Bus.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>Ready: the worker takes work. Not ready while it starts, waits for its broker, or drains.</summary>
internal sealed class ReadinessCheck(WorkerReadiness readiness) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(readiness.NotReady is { } why ? HealthCheckResult.Unhealthy(why) : HealthCheckResult.Healthy());
}
