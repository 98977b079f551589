using JobRunner.Bus.Leases;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Tests.Leases;

public sealed class RunClaimsTests
{
    private static readonly RunnerKey Job = new("r", "j");

    private readonly RunClaims _claims = new();

    [Fact]
    public void A_job_is_claimed_once_until_the_claim_is_let_go()
    {
        using (var claim = _claims.TryAdd(Job))
        {
            Assert.NotNull(claim);
            Assert.Null(_claims.TryAdd(Job));
            Assert.Same(claim, _claims.Find(Job));
            using var other = _claims.TryAdd(new RunnerKey("r", "other"));
            Assert.NotNull(other);
        }

        Assert.Null(_claims.Find(Job));
        using var again = _claims.TryAdd(Job);
        Assert.NotNull(again);
    }

    [Fact]
    public void A_claim_let_go_twice_does_not_take_the_next_one_with_it()
    {
        var first = _claims.TryAdd(Job)!;
        first.Dispose();
        using var second = _claims.TryAdd(Job);

        first.Dispose();

        Assert.Same(second, _claims.Find(Job));
    }
}
