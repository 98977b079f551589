namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>The <c>Retry-After</c> header of an answer.</summary>
internal static class RetryAfter
{
    /// <summary>How long to wait from now; null when the answer does not say, zero when the moment has passed.</summary>
    public static TimeSpan? Of(HttpResponseMessage? response, TimeProvider time)
    {
        var asked = response?.Headers.RetryAfter;
        var wait = asked?.Delta ?? (asked?.Date - time.GetUtcNow());
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
