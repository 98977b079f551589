using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Client.Tests;

/// <summary>The parts of a worker's answer, of this version and of earlier ones.</summary>
public sealed class StatusAnswerTests
{
    [Theory]
    [InlineData(null, """{"jobId":"a","worker":"w"}""", "a", null)]
    [InlineData("RunnerStatus", """{"jobId":"a","worker":"w"}""", "a", null)]
    [InlineData("RunnerStatuses", """{"runners":[{"jobId":"a"},null,{"jobId":"b"}]}""", "a b", null)]
    [InlineData("RunnerStatuses", """{"runners":null}""", "", null)]
    [InlineData("WorkerStatus", """{"worker":"w","runners":2}""", "", "w")]
    public void Each_is_told_by_its_type(string? type, string body, string jobs, string? worker)
    {
        var properties = new BasicProperties();
        if (type is not null)
        {
            properties.Type = type;
        }

        var answer = StatusAnswer.Read(new BasicDeliverEventArgs("", 1, false, "", "", properties, Encoding.UTF8.GetBytes(body)));

        Assert.Equal(jobs, string.Join(' ', answer.Runners.Select(run => run.JobId)));
        Assert.Equal(worker, answer.Worker?.Worker);
    }
}
