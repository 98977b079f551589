using JobRunner.Bus.Client;

namespace JobRunner.Bus.Operations;

/// <summary>The client library's errors, for the person at the keyboard.</summary>
internal static class ClientFaults
{
    /// <summary>Runs an action; what the client library throws becomes a <see cref="SchedulerBusException"/>.</summary>
    public static async Task<T> ExplainAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (JobRunnerClientException error)
        {
            throw new SchedulerBusException(error.Message, error);
        }
    }
}
