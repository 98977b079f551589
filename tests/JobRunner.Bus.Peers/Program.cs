using JobRunner.Bus.Peers;

// Each is what a user of that library writes for the same work: take a command, publish its log and its end, acknowledge.
switch (args)
{
    case ["masstransit", var broker, var prefetch]:
        await PlainMassTransit.RunAsync(new Uri(broker), ushort.Parse(prefetch));
        return 0;
    case ["wolverine", var broker, var prefetch, ("confirms" or "unconfirmed") and var how]:
        await PlainWolverine.RunAsync(new Uri(broker), ushort.Parse(prefetch), confirms: how == "confirms");
        return 0;
    default:
        Console.Error.WriteLine("usage: masstransit URI PREFETCH | wolverine URI PREFETCH confirms|unconfirmed");
        return 2;
}
