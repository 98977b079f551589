using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Client;

/// <summary>Keeps a session open: when it is lost, opens the next one, for as long as it takes.</summary>
internal sealed class SessionKeeper : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestClosing = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(30);

    private readonly BrokerAddress _address;
    private readonly JobRunnerClientOptions _options;
    private readonly ResultBook _book;
    private readonly string _queue;
    private readonly CancellationTokenSource _end = new();
    private Turn _current = new();
    private volatile string _trouble = "";
    private Task _keeping = Task.CompletedTask;

    private SessionKeeper(BrokerAddress address, JobRunnerClientOptions options, ResultBook book)
    {
        _address = address;
        _options = options;
        _book = book;
        _queue = options.ResultQueue ?? $"{options.OwnQueuePrefix}client-{Guid.NewGuid():N}";
    }

    /// <summary>Opens the first session.</summary>
    /// <exception cref="JobRunnerClientException">It cannot be opened.</exception>
    public static async Task<SessionKeeper> StartAsync(
        BrokerAddress address, JobRunnerClientOptions options, ResultBook book, CancellationToken cancellationToken)
    {
        var keeper = new SessionKeeper(address, options, book);
        try
        {
            var first = await keeper.OpenAsync(cancellationToken);
            keeper._current.Opened.SetResult(first);
            keeper._keeping = keeper.KeepAsync(first);
            return keeper;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && BrokerFaults.IsBrokers(error))
        {
            throw new JobRunnerClientException(keeper.Describe(error), error);
        }
    }

    /// <summary>The open session; waits for it while the broker is away.</summary>
    /// <exception cref="JobRunnerClientException">It did not come back in time. Nothing was sent.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed of.</exception>
    public async Task<Session> GetAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_options.ReconnectTimeout, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            while (true)
            {
                ObjectDisposedException.ThrowIf(_end.IsCancellationRequested, typeof(JobRunnerClient));
                var turn = Volatile.Read(ref _current);
                var session = await turn.Opened.Task.WaitAsync(either.Token);
                if (session.IsOpen)
                {
                    return session;
                }

                // Lost just now: whoever keeps it makes the next turn at once.
                await turn.Over.Task.WaitAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new JobRunnerClientException($"{_trouble} (for {_options.ReconnectTimeout.TotalSeconds:0} s); nothing was sent");
        }
    }

    /// <summary>The fault in words.</summary>
    public string Describe(Exception error) => BrokerFaults.Describe(error, _address);

    public async ValueTask DisposeAsync()
    {
        if (_end.IsCancellationRequested)
        {
            return;
        }

        await _end.CancelAsync();
        await _keeping;
        _end.Dispose();
    }

    private Task<Session> OpenAsync(CancellationToken cancellationToken) => Session.OpenAsync(_address, _options, _queue, _book, cancellationToken);

    private async Task KeepAsync(Session session)
    {
        while (await UntilLostAsync(session) is { } reason)
        {
            _trouble = $"the connection to the broker was lost ({reason})";
            var lost = _current;
            Volatile.Write(ref _current, new Turn());
            lost.Over.SetResult();
            _options.Tell(observer => observer.OnDisconnected(_trouble));
            _book.ForgetUnclaimed();
            await CloseAsync(session);
            if (await ReopenAsync() is not { } next)
            {
                break;
            }

            session = next;
            _current.Opened.SetResult(session);
            _options.Tell(observer => observer.OnReconnected());
        }

        // Whoever waits for a turn meets the end of the client.
        _current.Opened.TrySetException(new ObjectDisposedException(nameof(JobRunnerClient)));
        _ = _current.Opened.Task.Exception;
        _current.Over.TrySetResult();
        await (session.IsOpen ? LeaveAsync(session) : CloseAsync(session));
    }

    /// <summary>Why the session was lost; <see langword="null"/> when the client ends.</summary>
    private async Task<string?> UntilLostAsync(Session session)
    {
        using var sweeping = new PeriodicTimer(SweepEvery, _options.Time);
        try
        {
            while (true)
            {
                var tick = sweeping.WaitForNextTickAsync(_end.Token).AsTask();
                if (await Task.WhenAny(session.Lost, tick) == session.Lost)
                {
                    return _end.IsCancellationRequested ? null : await session.Lost;
                }

                await tick;
                _book.Sweep();
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<Session?> ReopenAsync()
    {
        var since = _options.Time.GetTimestamp();
        var lost = false;
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            try
            {
                await Task.Delay(delay, _options.Time, _end.Token);
                var session = await OpenAsync(_end.Token);
                TellOfLostResults();
                return session;
            }
            catch (Exception error) when (!_end.IsCancellationRequested)
            {
                // Whatever it is (an address file that is half written, say), the next attempt may find it mended.
                _trouble = Describe(error);
                TellOfLostResults();
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }

        void TellOfLostResults()
        {
            if (lost || !_options.ReceivesResults || _options.ResultQueue is not null || _options.Time.GetElapsedTime(since) < _options.OwnQueueExpires)
            {
                return;
            }

            lost = true;
            var reason = new JobRunnerClientException(
                $"the broker was away for longer than {nameof(JobRunnerClientOptions.OwnQueueExpires)}: results may have been lost; "
                + $"a scheduler that must miss none names a {nameof(JobRunnerClientOptions.ResultQueue)}");
            _options.Tell(observer => observer.OnResultsLost(reason));
            _book.Fail(reason, forGood: false);
        }
    }

    private async Task LeaveAsync(Session session)
    {
        try
        {
            if (_options.ReceivesResults && _options.ResultQueue is null)
            {
                await session.DeleteQueueAsync(_queue).WaitAsync(LongestClosing, _options.Time);
            }
        }
        catch (Exception error) when (BrokerFaults.IsBrokers(error) || error is OperationCanceledException)
        {
            // It expires by itself.
        }

        await CloseAsync(session);
    }

    /// <remarks>A broker that hangs does not answer to that either.</remarks>
    private async Task CloseAsync(Session session) =>
        await session.DisposeAsync().AsTask().WaitAsync(LongestClosing, _options.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>One session after another, each a turn.</summary>
    private sealed class Turn
    {
        public TaskCompletionSource<Session> Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when the session was lost and the next turn has come, or the client has ended.</summary>
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
