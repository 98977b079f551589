using RabbitMQ.Client;

namespace JobRunner.Bus.RabbitMq;

/// <summary>One message on its way to the broker. Its task completes once the broker has accepted it, where it is to be kept.</summary>
internal sealed class Publication
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _givingUp;
    private int _awaited;

    public Publication(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, bool mandatory, CancellationToken cancellationToken)
    {
        (Exchange, RoutingKey, Properties, Body, Mandatory) = (exchange, routingKey, properties, body, mandatory);
        _givingUp = cancellationToken.UnsafeRegister(static (one, token) => ((Publication)one!)._done.TrySetCanceled(token), this);
    }

    public string Exchange { get; }

    public string RoutingKey { get; }

    public BasicProperties Properties { get; }

    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Whether it comes back where no queue takes it.</summary>
    public bool Mandatory { get; }

    /// <summary>
    /// The queue that must hold it; absent where <see cref="Mandatory"/> says all. An exchange with a second queue, such as the
    /// journal, hides from <see cref="Mandatory"/> that the first is gone.
    /// </summary>
    public string? Keeper { get; init; }

    /// <summary>Waited for as late as can be before it is sent.</summary>
    public Func<CancellationToken, Task>? MayLeave { get; init; }

    public Task Task => _done.Task;

    /// <summary>Whether it was cancelled, or has failed.</summary>
    public bool IsOver => _done.Task.IsCompleted;

    /// <summary>Whether the broker has sent it back: accepted, but for no queue.</summary>
    public bool Returned { get; set; }

    /// <summary>When it was sent, by the clock of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long SentAt { get; private set; }

    /// <summary>It is about to be sent: the broker's confirm is awaited now, and the look at its keeper.</summary>
    public void Sending(long now) => (SentAt, _awaited) = (now, Keeper is null ? 1 : 2);

    /// <summary>The broker has confirmed it, which it does for what it sent back, too.</summary>
    public void Confirmed()
    {
        if (Returned)
        {
            Fail(new MessageReturnedException(Exchange, RoutingKey));
        }
        else
        {
            Answered();
        }
    }

    /// <summary>The broker has confirmed it, or its keeper is there. Never called by two at once.</summary>
    public void Answered()
    {
        if (--_awaited == 0)
        {
            _givingUp.Unregister();
            _done.TrySetResult();
        }
    }

    public void Fail(Exception error)
    {
        _givingUp.Unregister();
        _done.TrySetException(error);
    }
}
