using System.Text.Encodings.Web;
using System.Text.Json;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations;
using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>The job logs of a request.</summary>
/// <param name="Logs">One for each try, by start; long output cut.</param>
/// <param name="Data">What jobs left for others, by job.</param>
/// <param name="Troubles">What could not be read, and why; empty where all was.</param>
internal sealed record LogsFound(IReadOnlyList<JobLogRecorded> Logs, IReadOnlyList<JobDataFound> Data, IReadOnlyList<string> Troubles);

/// <summary>The job data that a job's last try left, as far as the journal tells.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Try">The try.</param>
/// <param name="Json">The data; cut where it is long.</param>
internal sealed record JobDataFound(string JobId, long Try, string Json);

/// <summary>
/// Reads the job logs of requests for all pages together, one reading at a time: from the Request Manager or the local store, as the
/// host's settings have it, and from the broker's journal, where there is a broker. A reading goes on where the last one of its request ended, while few others were read.
/// </summary>
internal sealed partial class LogLook(IConfiguration settings, TimeProvider time, ILogger<LogLook> log, BrokerAddress? address = null) : IAsyncDisposable
{
    private const int RequestsKept = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1);
    private readonly List<Book> _books = [];
    private StoredLogs? _stored;

    /// <summary>What there is now; all who wait for the same request get the same.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="left"/>: the page was left.</exception>
    public async Task<LogsFound> ReadAsync(string requestId, CancellationToken left)
    {
        var askedAt = time.GetTimestamp();
        await _one.WaitAsync(left);
        try
        {
            var book = BookOf(requestId);
            if (book.Found is null || book.ReadAt < askedAt)
            {
                book.ReadAt = time.GetTimestamp();
                book.Found = null;
                book.Found = await LookAsync(book, left);
            }

            return book.Found;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _one.Dispose();
        if (_stored is not null)
        {
            await _stored.DisposeAsync();
        }
    }

    private Book BookOf(string requestId)
    {
        var book = _books.Find(one => one.RequestId == requestId) ?? new Book(requestId, time);
        _books.Remove(book);
        _books.Insert(0, book);
        _books.RemoveRange(Math.Min(RequestsKept, _books.Count), Math.Max(0, _books.Count - RequestsKept));
        return book;
    }

    private async Task<LogsFound> LookAsync(Book book, CancellationToken left)
    {
        List<string> troubles = [];
        IReadOnlyList<JobLogRecorded> stored = [];
        var stores = TryAsync("the stored logs", async stop =>
        {
            _stored ??= new StoredLogs(settings);
            var cut = new OutputCut();
            stored = [.. (await _stored.ReadAsync(book.RequestId, stop)).Select(cut.Keep)];
        });
        var journal = address is null ? Task.CompletedTask : TryAsync("the broker's journal", stop => book.Journal.ReadAsync(
            token => AlarmProbe.FindAsync(address, token), token => RepairBroker.OpenAsync(address, time, token), stop));
        await Task.WhenAll(stores, journal);
        return new LogsFound(
            [
                .. book.Journal.AddTo(stored)
                    .OrderBy(one => one.StartedAt == 0)
                    .ThenBy(one => one.StartedAt)
                    .ThenBy(one => one.JobId, StringComparer.Ordinal)
                    .ThenBy(one => one.Try),
            ],
            book.Data(),
            troubles);

        async Task TryAsync(string what, Func<CancellationToken, Task> read)
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, left);
            try
            {
                await read(stop.Token);
            }
            catch (Exception error) when (!left.IsCancellationRequested)
            {
                LogTrouble(log, what, error.GetType().Name, error.Message);
                var trouble = error switch
                {
                    CommandException => $"{what} cannot be read: {error.Message}",
                    OptionsValidationException wrong => $"{what} cannot be read: {string.Join("; ", wrong.Failures)}",
                    OperationCanceledException => $"{what} could not be read to the end in time",
                    // Its text was not written for people.
                    _ => $"{what} cannot be read: {error.GetType().Name}",
                };
                lock (troubles)
                {
                    troubles.Add(trouble);
                }
            }
        }
    }

    [LoggerMessage(1453, LogLevel.Warning, "The dashboard cannot read {What}: {Error}: {Message}")]
    private static partial void LogTrouble(ILogger log, string what, string error, string message);

    private sealed class Book
    {
        private const int MostJobs = 500;

        private static readonly JsonSerializerOptions ForPeople = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

        private readonly Lock _gate = new();
        private readonly Dictionary<string, JobDataFound> _data = new(StringComparer.Ordinal);
        private readonly OutputCut _cut = new();

        public Book(string requestId, TimeProvider time)
        {
            RequestId = requestId;
            Journal = new RequestLogs(requestId, time, new OutputCut().Keep, Take);
        }

        public string RequestId { get; }

        public RequestLogs Journal { get; }

        public LogsFound? Found { get; set; }

        public long ReadAt { get; set; }

        public IReadOnlyList<JobDataFound> Data()
        {
            lock (_gate)
            {
                return [.. _data.Values.OrderBy(one => one.JobId, StringComparer.Ordinal)];
            }
        }

        private void Take(JobFinished end)
        {
            lock (_gate)
            {
                if (end.JobData.Count > 0 && (_data.ContainsKey(end.JobId) || _data.Count < MostJobs))
                {
                    _data[end.JobId] = new JobDataFound(end.JobId, end.TotalTries, _cut.Cut(end.JobData.ToJsonString(ForPeople)));
                }
            }
        }
    }
}
