using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>The job logs of a request in the broker's journal, which has those of all workers, whatever machine they are on.</summary>
internal sealed class JournalLogs(CliServices services, BrokerAddress broker, string requestId)
{
    private readonly RequestLogs _logs = new(requestId, services.Time);
    private string? _trouble;

    /// <summary>The journal that is to be asked: that of the broker named, where no Request Manager has all logs or the broker was named for it.</summary>
    public static JournalLogs? Of(CliServices services, string? broker, string requestId) =>
        string.IsNullOrWhiteSpace(broker) && (services.HasRequestManager() || string.IsNullOrWhiteSpace(services.Environment(BrokerOption.Variable)))
            ? null
            : new JournalLogs(services, BrokerOption.Read(broker, services.Environment), requestId);

    /// <summary>Whether the journal could be read the last time.</summary>
    public bool WasRead => _trouble is null;

    /// <summary>Adds what the journal has to what is stored, and says so once.</summary>
    public async Task<IReadOnlyList<JobLogRecorded>> AddToAsync(IReadOnlyList<JobLogRecorded> stored, CancellationToken stop)
    {
        await ReadAsync(stop);
        return _logs.AddTo(stored);
    }

    /// <summary>Reads on from where it was last; what came before is known.</summary>
    private async Task ReadAsync(CancellationToken stop)
    {
        try
        {
            await _logs.ReadAsync(token => services.LookForAlarm(broker, token), token => services.OpenRepairBroker(broker, token), stop);
            _trouble = null;
        }
        catch (SchedulerBusException error)
        {
            if (_trouble != error.Message)
            {
                services.Screen.Error.WriteLine($"jobrunner: the broker's journal, with the logs of other machines, could not be read: {error.Message}");
            }

            _trouble = error.Message;
        }
    }
}
