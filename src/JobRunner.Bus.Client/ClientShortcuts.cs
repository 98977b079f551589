using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Client;

/// <summary>What schedulers often do with a client, in one call.</summary>
public static class ClientShortcuts
{
    extension(JobRunnerClient client)
    {
        /// <summary>
        /// A command for a job that is given a payload, with a request id of its own and the job id <c>job1</c>; <c>with</c> changes what is to
        /// be otherwise: <c>command with { Timeout = "1m", Job = command.Job with { Retry = 3 } }</c>.
        /// </summary>
        /// <param name="type">The job's type, as its worker registers it.</param>
        /// <param name="payload">What the job is given; see <see cref="Payload"/> for its JSON.</param>
        /// <exception cref="NotSupportedException">JSON cannot hold such a payload.</exception>
        public static RunJob Command<TPayload>(string type, TPayload payload) => new()
        {
            RequestId = JobRunnerClient.NewRequestId(),
            Job = new Job { Id = "job1", Name = type, Type = type, Bytes = Payload.Write(payload) },
        };

        /// <summary>Sends a job that is given a payload, and waits for its result.</summary>
        /// <param name="type">The job's type, as its worker registers it.</param>
        /// <param name="payload">What the job is given; see <see cref="Payload"/> for its JSON.</param>
        /// <param name="cancellationToken">Gives up waiting; the job goes on.</param>
        /// <exception cref="ArgumentException">The type is empty.</exception>
        /// <exception cref="JobRunnerClientException">The broker did not take it, or results were lost meanwhile.</exception>
        public Task<JobFinished> RunAsync<TPayload>(string type, TPayload payload, CancellationToken cancellationToken = default) =>
            client.RunAsync(Command(type, payload), cancellationToken);

        /// <summary>
        /// Waits for the end of a job that was sent before, for so long at most: a result that never comes, of a job that nobody sent or whose
        /// result was taken, would be waited for for ever.
        /// </summary>
        /// <param name="requestId">Id of the request.</param>
        /// <param name="jobId">Id of the job.</param>
        /// <param name="timeout">How long to wait; the job goes on.</param>
        /// <param name="cancellationToken">Gives up waiting; the job goes on.</param>
        /// <exception cref="TimeoutException">There was no result in time: the job still runs or waits, or its result is none of this client's.</exception>
        /// <exception cref="JobRunnerClientException">Results were lost: the broker was away for longer than the queue of this client lives.</exception>
        public async Task<JobFinished> WaitForAsync(string requestId, string jobId, TimeSpan timeout, CancellationToken cancellationToken = default)
        {
            using var inTime = new CancellationTokenSource(timeout, client.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(inTime.Token, cancellationToken);
            try
            {
                return await client.WaitForAsync(requestId, jobId, either.Token);
            }
            catch (OperationCanceledException) when (inTime.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"no result of job {jobId} of request {requestId} within {timeout}: it still runs or waits (StatusAsync tells), or was sent before this client had its queue");
            }
        }
    }
}
