namespace JobRunner.Bus.Stops;

/// <summary>The stream of stops, as whoever looks after its reader sees it.</summary>
internal interface IStopStream
{
    /// <summary>An offset near its end: that of the first message the broker took last. Asked for by a reader of its own.</summary>
    /// <exception cref="Exception">The broker could not tell, or did not in time.</exception>
    Task<long> LastAsync(CancellationToken cancellationToken);

    /// <summary>Begins to read it anew.</summary>
    Task ReadAnewAsync(CancellationToken cancellationToken);
}
