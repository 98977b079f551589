using JobRunner.Bus.Benchmarks;
using JobRunner.Bus.Benchmarks.Broker;
using JobRunner.Bus.Benchmarks.InProcess;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// The parts that need a process of their own are this program again, by these words.
switch (args)
{
    case ["floor", var uri, var prefetch]:
        await FloorProgram.RunAsync(new Uri(uri), ushort.Parse(prefetch));
        return 0;
    case ["told-worker", var uri]:
        await ToldWorker.RunAsync(uri);
        return 0;
    case ["waiting-worker", var uri, var slots, var parkWaitsOver]:
        await WaitingWorker.RunAsync(uri, slots, parkWaitsOver);
        return 0;
    case ["runner-process"]:
        await RunnerBench.RunAsync();
        return 0;
    case ["waiting-process"]:
        await WaitingBench.RunAsync();
        return 0;
    default:
        return await Bench.RunAsync(args);
}
