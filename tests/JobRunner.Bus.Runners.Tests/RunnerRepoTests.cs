using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R10: the runners a worker holds.</summary>
public sealed class RunnerRepoTests : IDisposable
{
    private readonly Rig _rig = new();
    private readonly RunnerRepo _repo = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void The_same_job_id_in_two_requests_is_two_runners()
    {
        var one = Make("r1", "j1");
        var other = Make("r2", "j1");

        Assert.True(_repo.TryAdd(one));
        Assert.True(_repo.TryAdd(other));

        Assert.Equal(2, _repo.Count);
        Assert.True(_repo.TryGet(new RunnerKey("r1", "j1"), out var found));
        Assert.Same(one, found);
        Assert.Equivalent(new[] { one, other }, _repo.Items());
    }

    [Fact]
    public void A_key_that_is_there_is_refused_and_the_runner_there_stays()
    {
        var first = Make("r1", "j1");
        _repo.TryAdd(first);

        Assert.False(_repo.TryAdd(Make("r1", "j1")));

        Assert.Same(first, Assert.Single(_repo.Items()));
    }

    [Fact]
    public void Only_this_very_runner_is_removed()
    {
        var first = Make("r1", "j1");
        _repo.TryAdd(first);

        Assert.False(_repo.Remove(Make("r1", "j1")));
        Assert.Equal(1, _repo.Count);
        Assert.True(_repo.Remove(first));
        Assert.False(_repo.Remove(first));
        Assert.Equal(0, _repo.Count);
        Assert.False(_repo.TryGet(first.Key, out _));
    }

    [Fact]
    public void A_runner_is_replaced_only_while_it_is_there()
    {
        var first = Make("r1", "j1");
        var next = Make("r1", "j1");
        Assert.False(_repo.TryReplace(first, next));
        _repo.TryAdd(first);

        Assert.True(_repo.TryReplace(first, next));
        Assert.False(_repo.TryReplace(first, Make("r1", "j1")));

        Assert.Same(next, Assert.Single(_repo.Items()));
    }

    [Theory]
    [InlineData("r1", "j1", 1)]
    [InlineData("r1", null, 2)]
    [InlineData("r1", "", 2)]
    [InlineData("r1", "j9", 0)]
    [InlineData("r9", null, 0)]
    [InlineData("r2", "j1", 1)]
    public void Runners_are_found_by_request_or_by_job_of_a_request(string requestId, string? jobId, int expected)
    {
        foreach (var (request, job) in new[] { ("r1", "j1"), ("r1", "j2"), ("r2", "j1") })
        {
            _repo.TryAdd(Make(request, job));
        }

        var found = _repo.Find(requestId, jobId).ToList();

        Assert.Equal(expected, found.Count);
        Assert.All(found, runner => Assert.Equal(requestId, runner.Key.RequestId));
        Assert.All(found, runner => Assert.True(string.IsNullOrEmpty(jobId) || runner.Key.JobId == jobId));
    }

    [Fact]
    public async Task Of_many_that_add_the_same_key_at_once_one_succeeds()
    {
        var added = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => _repo.TryAdd(Make("r1", "j1"))))).InTime();

        Assert.Single(added, true);
    }

    [Fact]
    public void A_missing_runner_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => _repo.TryAdd(null!));
        Assert.Throws<ArgumentNullException>(() => _repo.Remove(null!));
        Assert.Throws<ArgumentNullException>(() => _repo.TryReplace(null!, Make("r1", "j1")));
    }

    private Runner Make(string requestId, string jobId) =>
        _rig.Make(FakeJob.Fails(), Rig.Command(id: jobId) with { RequestId = requestId });
}
