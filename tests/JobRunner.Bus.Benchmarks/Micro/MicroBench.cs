using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace JobRunner.Bus.Benchmarks.Micro;

/// <summary>What single steps of a job's path cost, in nanoseconds and bytes, without a broker.</summary>
internal static class MicroBench
{
    /// <summary>Runs all of them, or those whose names the arguments of BenchmarkDotNet leave (<c>--filter *Wire*</c>).</summary>
    public static int Run(IReadOnlyList<string> arguments)
    {
        var quick = arguments.Contains("--quick");
        // In this process: a generated project would not find the versions of packages, which are kept in one place.
        var job = (quick ? Job.ShortRun : Job.Default).WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(5), logOutput: false));
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(ConsoleLogger.Default)
            .AddExporter(BenchmarkDotNet.Exporters.MarkdownExporter.Console)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "jobrunner-micro"));
        string[] rest = [.. arguments.Where(argument => argument != "--quick")];
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroBench).Assembly)
            .Run(rest.Length == 0 ? ["--filter", "*"] : rest, config)
            .ToList();
        return summaries.Count > 0 && summaries.TrueForAll(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;
    }
}
