namespace JobRunner.Bus.Delivery.Gate;

/// <summary>Permission for one delivery to go to the store; given back when disposed of.</summary>
internal sealed class GatePass(DeliveryGate gate, bool isProbe, DateTimeOffset startedAt) : IDisposable
{
    private bool _over;

    /// <summary>Whether this is the one delivery that looks whether the store is back: a single attempt.</summary>
    public bool IsProbe => isProbe;

    /// <summary>When it was given.</summary>
    public DateTimeOffset StartedAt => startedAt;

    /// <summary>The store answered as one that works.</summary>
    public void GotThrough()
    {
        _over = true;
        gate.GotThrough();
    }

    /// <summary>The store did not take the log now.</summary>
    /// <param name="error">Why.</param>
    /// <param name="begun">When the delivery came to this worker.</param>
    public Verdict Failed(RetryableDeliveryException error, DateTimeOffset begun)
    {
        _over = true;
        return gate.Failed(this, error, begun);
    }

    /// <summary>Gives it back; without a result it tells nothing of the store.</summary>
    public void Dispose()
    {
        if (!_over)
        {
            _over = true;
            gate.BrokenOff(this);
        }
    }
}

/// <summary>Whose trouble a failed delivery is.</summary>
/// <param name="OwnTrouble">Others got through since the delivery began: the trouble is this log's own.</param>
/// <param name="OthersWait">Other deliveries wait to be let through.</param>
internal readonly record struct Verdict(bool OwnTrouble, bool OthersWait);
