using JobRunner.Bus.Benchmarks;
using JobRunner.Bus.Benchmarks.Broker;
using JobRunner.Bus.Benchmarks.Chains;
using JobRunner.Bus.Benchmarks.InProcess;
using JobRunner.Bus.Benchmarks.Micro;
using JobRunner.Bus.Benchmarks.Peers;
using JobRunner.Bus.Benchmarks.Scale;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// The parts that need a process of their own are this program again, by these words.
switch (args)
{
    case ["floor", var uri, var prefetch]:
        await FloorProgram.RunAsync(new Uri(uri), ushort.Parse(prefetch));
        return 0;
    case ["floor", var uri, var prefetch, var stdout]:
        await FloorProgram.RunAsync(new Uri(uri), ushort.Parse(prefetch), TalkingWorker.Text(int.Parse(stdout)));
        return 0;
    case ["talking-worker", var uri, var slots, var stdout]:
        await TalkingWorker.RunAsync(uri, slots, int.Parse(stdout));
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
    case ["micro", ..]:
        return MicroBench.Run(args[1..]);
    case ["peers", ..] or [_, "peers"]:
        return await PeersBench.RunAsync(args.Contains("--quick"));
    case ["scale", ..] or [_, "scale"]:
        return await ScaleBench.RunAsync(args.Contains("--quick"), args.Contains("large"));
    case ["lookup", ..] or [_, "lookup"]:
        return await LookUpBench.RunAsync(args.Contains("--quick"));
    case ["chains", ..] or [_, "chains", ..]:
        return await ChainsBench.RunAsync([.. args.Where(word => word != "chains")]);
    default:
        return await Bench.RunAsync(args);
}
