using JobRunner.Bus.Hosting;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Topology;

/// <summary>
/// Lets a worker take work once its broker is as it must be. A broker that is not there is waited for; what does not heal
/// by itself is told, and ends the host when the patience is over.
/// </summary>
internal sealed class PreflightGate(
    Preflight preflight,
    BrokerTopology topology,
    UntilAccepted until,
    WorkerReadiness readiness,
    IHostApplicationLifetime lifetime,
    IOptions<RabbitMqOptions> options,
    TimeProvider time,
    ILogger<PreflightGate> logger)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    /// <summary>Whether to go on; otherwise the host is ending.</summary>
    public async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        long? wrongSince = null;
        IReadOnlyList<PreflightFinding> told = [];
        while (true)
        {
            IReadOnlyList<PreflightFinding> findings = [];
            await until.RunAsync("queues and exchanges", async token => findings = await preflight.RunAsync(token), cancellationToken);
            foreach (var finding in findings.Except(told))
            {
                Tell(finding);
            }

            told = findings;
            var wrong = findings.Where(finding => finding.Verdict == PreflightVerdict.Wrong).ToList();
            if (wrong.Count == 0)
            {
                BrokerLog.TopologyDeclared(logger);
                topology.MarkDeclared();
                return true;
            }

            wrongSince ??= time.GetTimestamp();
            var left = options.Value.Patience - time.GetElapsedTime(wrongSince.Value);
            if (left <= TimeSpan.Zero)
            {
                readiness.Refuse([.. wrong.Select(finding => $"{finding.Text}. {finding.Fix}")]);
                lifetime.StopApplication();
                return false;
            }

            readiness.Set(wrong[0].Text);
            await Task.Delay(left < LookAgain ? left : LookAgain, time, cancellationToken);
        }
    }

    private void Tell(PreflightFinding finding)
    {
        switch (finding.Verdict)
        {
            case PreflightVerdict.Wrong:
                BrokerLog.PreflightWrong(logger, finding.Text, finding.Fix);
                break;
            case PreflightVerdict.Warning:
                BrokerLog.PreflightWarning(logger, finding.Text, finding.Fix);
                break;
            case PreflightVerdict.Note:
                BrokerLog.PreflightNote(logger, finding.Text, finding.Fix);
                break;
        }
    }
}
