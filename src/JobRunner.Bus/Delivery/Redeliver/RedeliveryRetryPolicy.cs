using MassTransit;
using MassTransit.RetryPolicies;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>
/// The <see cref="RedeliveryPolicy"/> as MassTransit asks for it. Every failure is redelivered, but for those that a rule names as permanent.
/// </summary>
internal sealed class RedeliveryRetryPolicy : IRetryPolicy
{
    public bool IsHandled(Exception exception) => exception is not (PermanentDeliveryException or OperationCanceledException);

    public RetryPolicyContext<T> CreatePolicyContext<T>(T context)
        where T : class, PipeContext => new PolicyContext<T>(this, context);

    public void Probe(ProbeContext context) => context.Set(new { Policy = "Redelivery" });

    private sealed class PolicyContext<T>(IRetryPolicy policy, T context) : BaseRetryPolicyContext<T>(policy, context)
        where T : class, PipeContext
    {
        public override bool CanRetry(Exception exception, out RetryContext<T> retryContext)
        {
            var delay = base.CanRetry(exception, out retryContext) && Context.TryGetPayload<MessageRedeliveryContext>(out var redelivery)
                ? ((IRedelivery)redelivery).DelayAfter(exception)
                : null;
            retryContext = new Decision<T>(Context, exception, delay, CancellationToken);
            return delay is not null;
        }

        protected override RetryContext<T> CreateRetryContext(Exception exception, CancellationToken cancellationToken) =>
            new Decision<T>(Context, exception, null, cancellationToken);
    }

    private sealed class Decision<T>(T context, Exception exception, TimeSpan? delay, CancellationToken cancellationToken)
        : BaseRetryContext<T>(context, exception, 0, cancellationToken), RetryContext<T>
        where T : class, PipeContext
    {
        public override TimeSpan? Delay => delay;

        public bool CanRetry(Exception exception, out RetryContext<T> retryContext)
        {
            retryContext = this;
            return delay is not null;
        }
    }
}
