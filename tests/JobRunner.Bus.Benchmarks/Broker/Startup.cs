using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>How soon a worker with default settings takes work, and what it weighs doing nothing.</summary>
internal static class Startup
{
    public static async Task<(double StartupMs, double IdleRssMb)> MeasureAsync(RabbitMqNode node, int starts, TimeSpan idle)
    {
        var broker = node.UriOf(await node.NewVirtualHostAsync());
        var folder = Directory.CreateTempSubdirectory("jobrunner-bench-");
        List<double> startup = [], resident = [];
        try
        {
            for (var start = 0; start < starts; start++)
            {
                await using var worker = await Child.WorkerAsync(broker, ("JobLogStore__Path", Path.Combine(folder.FullName, "logs.db")));
                startup.Add(worker.StartupTime.TotalMilliseconds);
                if (start >= starts - 3)
                {
                    await Task.Delay(idle);
                    resident.Add(worker.ResidentBytes / 1e6);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        Console.WriteLine($"A worker with default settings, {starts} starts; {idle.TotalSeconds:f0} s later");
        return (Statistics.Say("start to ready, ms", startup, "f0"), Statistics.Say("resident, MB", resident, "f1"));
    }
}
