using JobRunner.Bus.Benchmarks.Broker;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>Bytes of a job of a usual size, and what it costs whoever sends it and takes what comes of it.</summary>
/// <param name="Command">Body of the command.</param>
/// <param name="LogAndEnd">Bodies of its log and its end.</param>
/// <param name="Sender">Microseconds.</param>
/// <param name="DiskAlone">To the disk, on one broker.</param>
/// <param name="DiskThree">To the disks of three.</param>
internal sealed record Sizes(double Command, double LogAndEnd, double Sender, double DiskAlone, double DiskThree)
{
    public static Sizes Of(IReadOnlyList<Point> points)
    {
        return new Sizes(
            Load.Command("scale000000000000001", Load.JobId(1)).Length,
            points[0].Cost.Published,
            points[0].Cost.Sender,
            Disk(1),
            Disk(3));

        double Disk(int nodes) => Statistics.Median([.. points.Where(point => point.Nodes == nodes).Select(point => point.Cost.DiskBytes)]);
    }
}
