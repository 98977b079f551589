using RabbitMQ.Client;

namespace JobRunner.Bus.Record;

/// <summary>One message on its way to the broker. Its task completes once the broker has accepted it.</summary>
internal sealed class Publication
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _givingUp;

    public Publication(string exchange, BasicProperties properties, byte[] body, bool mandatory, CancellationToken cancellationToken)
    {
        (Exchange, Properties, Body, Mandatory) = (exchange, properties, body, mandatory);
        _givingUp = cancellationToken.UnsafeRegister(static (one, token) => ((Publication)one!)._done.TrySetCanceled(token), this);
    }

    public string Exchange { get; }

    public BasicProperties Properties { get; }

    public byte[] Body { get; }

    public bool Mandatory { get; }

    public Task Task => _done.Task;

    /// <summary>Whether it was given up, or has failed.</summary>
    public bool IsOver => _done.Task.IsCompleted;

    /// <summary>Whether the broker has sent it back: accepted, but for no queue.</summary>
    public bool Returned { get; set; }

    /// <summary>When it was sent, by the clock of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long SentAt { get; set; }

    public void Accepted()
    {
        _givingUp.Unregister();
        _done.TrySetResult();
    }

    public void Fail(Exception error)
    {
        _givingUp.Unregister();
        _done.TrySetException(error);
    }
}
