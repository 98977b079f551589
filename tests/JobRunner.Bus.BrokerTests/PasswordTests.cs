using System.Collections.Concurrent;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A password that is changed in its file counts from the next connection on, for workers and schedulers.</summary>
public sealed class PasswordTests(Broker broker)
{
    private const string User = "rotated";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_worker_goes_on_with_the_new_password_and_says_meanwhile_that_the_old_one_is_refused(bool wholeAddress)
    {
        var host = await broker.Node.NewVirtualHostAsync();
        var name = $"{User}-{Guid.NewGuid():N}";
        await SetAsync(host, name, "first");
        var file = Path.Combine(Path.GetTempPath(), name);
        await WriteAsync("first");
        var settings = new Dictionary<string, string>
        {
            ["JobRunner__Transport"] = "RabbitMq",
            ["JobRunner__Worker__Lease"] = "3s",
            [wholeAddress ? "JobRunner__RabbitMq__UriFile" : "JobRunner__RabbitMq__PasswordFile"] = file,
        };
        if (!wholeAddress)
        {
            settings["JobRunner__RabbitMq__Uri"] = $"amqp://{name}@127.0.0.1:{broker.Node.Port}/{host}";
        }

        await using var worker = WorkerProcess.Start(["worker"], settings);
        await Eventually.HoldsAsync(() => worker.Output, () => worker.Output.Contains("takes work", StringComparison.Ordinal));
        await using var plain = await PlainClient.ConnectAsync(broker.Node.UriOf(host));
        var ends = await plain.ListenAsync("job-finished");

        await broker.Node.ControlAsync("change_password", name, "second");
        await CutAsync(worker);
        await Eventually.HoldsAsync(() => $"it says why\n{worker.Output}", () => worker.Output.Contains($"refused user \"{name}\"", StringComparison.Ordinal));
        await WriteAsync("second");

        await EndsAsync(plain, worker, ends, 1);

        // All connections of it, MassTransit's too, once more: none has kept the first password.
        await CutAsync(worker);
        await EndsAsync(plain, worker, ends, 2);
        File.Delete(file);

        Task WriteAsync(string password) => File.WriteAllTextAsync(
            file, wholeAddress ? $"amqp://{name}:{password}@127.0.0.1:{broker.Node.Port}/{host}\n" : password + "\n");
    }

    [Fact]
    public async Task A_scheduler_goes_on_with_the_new_password()
    {
        await using var stage = await Stage.SetAsync(broker);
        var host = stage.Uri.AbsolutePath[1..];
        var name = $"{User}-{Guid.NewGuid():N}";
        await SetAsync(host, name, "first");
        var file = Path.Combine(Path.GetTempPath(), name);
        await File.WriteAllTextAsync(file, "first");
        await using var client = await JobRunnerClient.ConnectAsync(
            new RabbitMqOptions { Uri = $"amqp://{name}@127.0.0.1:{broker.Node.Port}/{host}", PasswordFile = file },
            new JobRunnerClientOptions { ClientName = name });

        await broker.Node.ControlAsync("change_password", name, "second");
        await Eventually.HoldsAsync("its connection is cut", async () => (await broker.Node.CutAsync(name)).Count > 0);
        await File.WriteAllTextAsync(file, "second");

        await Eventually.HoldsAsync("a job is run", async () =>
        {
            try
            {
                var end = await client.RunAsync(new RunJob { RequestId = JobRunnerClient.NewRequestId(), Job = new Job { Id = "j", Type = "noop" } });
                return end.FinalState == JobState.Complete;
            }
            catch (JobRunnerClientException)
            {
                return false;
            }
        });
        File.Delete(file);
    }

    private async Task SetAsync(string host, string name, string password)
    {
        await broker.Node.ControlAsync("add_user", name, password);
        await broker.Node.ControlAsync("set_permissions", "-p", host, name, ".*", ".*", ".*");
    }

    private async Task CutAsync(WorkerProcess worker)
    {
        // The management API learns of connections by and by.
        HashSet<string> cut = [];
        await Eventually.HoldsAsync("all its connections are cut", async () =>
        {
            cut.UnionWith(await broker.Node.CutAsync($".{worker.Id}."));
            return cut.Count >= 3;
        });
    }

    private static async Task EndsAsync(PlainClient client, WorkerProcess worker, ConcurrentQueue<PlainMessage> ends, int count)
    {
        await client.SendAsync("run-job", $$"""
            {"requestId":"{{Stage.NewRequestId()}}","job":{"id":"j","type":"noop"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        await Eventually.HoldsAsync(() => $"job {count} ends\n{worker.Output}", () => ends.Count == count, TimeSpan.FromMinutes(1));
    }
}
