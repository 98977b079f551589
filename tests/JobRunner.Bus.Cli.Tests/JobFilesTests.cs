using System.Text;
using JobRunner.Bus.Cli.Files;
using JobRunner.Bus.Cli.Tests.Docs;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Tests;

public sealed class JobFilesTests
{
    [Fact]
    public void A_run_job_is_a_chain_of_one()
    {
        var request = Chains.Parse("""{"requestId":"r1","job":{"id":"aaaa","type":"noop","state":3},"prevTries":0,"totalTries":7,"timeout":"5s"}""");

        Assert.Equal("r1", request.RequestId);
        Assert.True(request.HasOwnId);
        var command = Assert.Single(request.Commands);
        Assert.Equal((7, "5s", JobState.Pending), (command.TotalTries, command.Timeout, command.Job.State));
        Assert.Empty(request.Next);
    }

    [Fact]
    public void A_chains_jobs_come_after_those_they_follow_and_take_their_id_from_the_key()
    {
        var request = Chains.Parse("""
            {"requestId":"r1",
             "jobs":{"cccc":{"type":"noop","data":{"k":1}},"aaaa":{"id":"aaaa","type":"noop"},"bbbb":{"type":"noop"}},
             "adjacencyList":{"aaaa":["bbbb","bbbb"],"bbbb":["cccc"],"cccc":null}, "somethingNew": true}
            """);

        Assert.Equal("aaaa bbbb cccc", string.Join(' ', request.Commands.Select(command => command.Job.Id)));
        Assert.All(request.Commands, command => Assert.Equal("r1", command.RequestId));
        Assert.Equal("""{"k":1}""", request.Commands[2].JobData.ToJsonString());
    }

    [Fact]
    public void The_files_of_the_documents_are_read_as_they_stand_there()
    {
        var blocks = Pages.Read("docs/files.md").Split("```json\n").Skip(1).Select(block => block.Split("```")[0]).ToList();

        var job = Assert.Single(Chains.Parse(blocks[0]).Commands);
        Assert.Equal((2, "30s"), (job.Job.RetryBackoff, job.Timeout));
        var chain = Chains.Parse(blocks[1]);
        Assert.Equal(["hash", "size"], chain.Next["pack"]);
        Assert.Equal(2, blocks.Count);
    }

    [Fact]
    public void Without_a_request_id_there_is_a_fresh_one_each_time()
    {
        const string Json = """{"job":{"id":"aaaa","type":"noop"}}""";
        var files = Chains.Files();

        var ids = Enumerable.Range(0, 100).Select(_ => files.Parse("f", Encoding.UTF8.GetBytes(Json)).RequestId).ToList();

        Assert.All(ids, id => Assert.Matches("^[0-9a-v]{20}$", id));
        Assert.Equal(100, ids.Distinct().Count());
        Assert.False(Chains.Parse(Json).HasOwnId);
    }

    [Theory]
    [InlineData("""{"job":{"id":"a","type":"t","bytes":{ "cmd": "/bin/é", "n": 1.50 }}}""", """{"cmd":"/bin/é","n":1.50}""")]
    [InlineData("""{"job":{"id":"a","type":"t","bytes":[ 1, "x" ]}}""", """[1,"x"]""")]
    [InlineData("""{"job":{"id":"a","type":"t","bytes":"eyJ4IjoxfQ=="}}""", """{"x":1}""")]
    [InlineData("""{"jobs":{"a":{"type":"t","bytes":{"x": {"bytes": {"y": 1}}}}}}""", """{"x":{"bytes":{"y":1}}}""")]
    [InlineData("""{"jobs":{"bytes":{"type":"t","bytes":{"x":1}}}}""", """{"x":1}""")]
    public void Bytes_may_be_json_and_become_its_compact_text(string json, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(Assert.Single(Chains.Parse(json).Commands).Job.Bytes!));

    [Fact]
    public void Only_a_jobs_own_bytes_are_encoded()
    {
        var request = Chains.Parse("""{"jobData":{"job":{"bytes":{"x":1}},"bytes":{"y":2}},"job":{"id":"a","type":"t","args":{"bytes":{"z":3}}}}""");

        Assert.Equal("""{"job":{"bytes":{"x":1}},"bytes":{"y":2}}""", request.Commands[0].JobData.ToJsonString());
        Assert.Equal("""{"bytes":{"z":3}}""", request.Commands[0].Job.Args!.ToJsonString());
    }

    [Fact]
    public void An_error_behind_readable_bytes_still_names_its_line()
    {
        var message = Chains.ProblemsOf("{\"job\":{\"id\":\"a\",\n\"bytes\":{\n\"x\":1,\n\"y\":[2]},\n\"retry\":\"often\"}}");

        Assert.StartsWith("file.json: the content is not the JSON of a RunJob at $.job.retry (line 5,", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData(" \n ", "the file is empty")]
    [InlineData("[]", "the JSON is an array")]
    [InlineData("{}", "has neither \"job\"")]
    [InlineData("""{"job":{},"jobs":{}}""", "has both")]
    [InlineData("{\n  \"job\": nope}", "not JSON (line 2, byte 11): ")]
    [InlineData("""{"job":{"id":"a","id":"b","type":"t"}}""", "not JSON: Duplicate property 'id'")]
    [InlineData("""{"job":{"id":"a","type":"t","bytes":"%%%"}}""", "; bytes are base64 text, or in a file a JSON object")]
    [InlineData("""{"job":{"id":"a","type":"t","bytes":7}}""", "; bytes are base64 text, or in a file a JSON object")]
    [InlineData("""{"job":{"id":"a","type":"t","retyWait":"1s"}}""", "\"retyWait\" is no field of a job; did you mean \"retryWait\"?")]
    [InlineData("""{"jobs":{"aaaa":{"type":"t","sequenceRety":1}}}""", "job \"aaaa\": \"sequenceRety\" is no field of a job; did you mean \"sequenceRetry\"?")]
    [InlineData("""{"job":{"id":"a","type":"t"},"prevTrys":1}""", "\"prevTrys\" is no field of a RunJob; did you mean \"prevTries\"?")]
    [InlineData("""{"RequestId":"r1","job":{"id":"a","type":"t"}}""", "\"RequestId\" is no field of a RunJob; did you mean \"requestId\"?")]
    [InlineData("""{"Job":{"id":"a","type":"t"}}""", "\"Job\" is no field of a RunJob; did you mean \"job\"?")]
    [InlineData("""{"jobs":{"a":{"type":"t"}},"adjacencylist":{}}""", "\"adjacencylist\" is no field of a job chain; did you mean \"adjacencyList\"?")]
    [InlineData("sequences:\n  backup:\n    nodes: {}\n", "this is YAML")]
    [InlineData("---\njob:\n  id: a\n", "this is YAML")]
    [InlineData("# a spec\n- job: a\n", "this is YAML")]
    [InlineData("{\"job\":{\"id\":\"a\",\"type\":\"t\",}}", "not JSON (line 1, byte 29): the JSON object contains a trailing comma at the end")]
    public void What_is_wrong_is_told_with_the_files_name(string json, string expected)
    {
        var message = Chains.ProblemsOf(json);

        Assert.StartsWith("file.json: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain("reader options", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"job":{"id":"a","type":"t","owner":"me","x":1},"note":"none"}""")]
    [InlineData("""{"jobs":{"retyWait":{"type":"t","data":{"retyWait":1}}},"comment":{"retyWait":1}}""")]
    public void Fields_that_are_like_no_other_are_left_alone(string json) => Assert.NotEmpty(Chains.Parse(json).Commands);

    [Fact]
    public void All_problems_of_a_chain_are_told_at_once()
    {
        var message = Chains.ProblemsOf("""
            {"jobs":{
               "aaaa":{"id":"zzzz","type":"noop","state":4},
               "bbbb":{"retry":-1,"retryWait":"soon","sequenceId":"qqqq"},
               "cccc":{"type":"noop","sequenceRetry":-2,"sequenceRetryWait":"-1s"},
               "dddd":null},
             "adjacencyList":{"aaaa":["bbbb","xxxx"],"bbbb":["aaaa"],"yyyy":["aaaa"]}}
            """);

        Assert.Equal(
            """
            file.json: 12 problems:
              - job "aaaa": its id says "zzzz"; leave it out or make both the same
              - job "aaaa": state is FAIL (4); a job to run is PENDING (1) or STOPPED (6), one that is done is COMPLETE (3)
              - job "bbbb": type is missing or empty
              - job "bbbb": retry is -1; it must be 0 or more
              - job "bbbb": retryWait "soon" is not a duration such as "500ms", "1.5s" or "1h30m"
              - job "bbbb": sequenceId "qqqq" is no job of the chain
              - job "cccc": sequenceRetry is -2; it must be 0 or more
              - job "cccc": sequenceRetryWait "-1s" is not a duration of 0 or more such as "500ms", "1.5s" or "1h30m"
              - job "dddd": type is missing or empty
              - adjacencyList of job "aaaa" names job "xxxx", which is not in "jobs"
              - adjacencyList names job "yyyy", which is not in "jobs"
              - adjacencyList has a cycle: aaaa → bbbb → aaaa; none of these jobs could ever start
            """,
            message,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void An_empty_chain_is_refused() =>
        Assert.Contains("the chain is empty", Chains.ProblemsOf("""{"jobs":{}}"""), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"jobs":{"a":{"type":"t"}},"adjacencyList":{"a":["a"]}}""", "a cycle: a → a;")]
    [InlineData("""{"jobs":{"a":{"type":"t"},"b":{"type":"t"},"c":{"type":"t"},"d":{"type":"t"}},"adjacencyList":{"a":["b"],"b":["c"],"c":["b","d"]}}""", "a cycle: b → c → b;")]
    public void A_cycle_is_named(string json, string expected) =>
        Assert.Contains(expected, Chains.ProblemsOf(json), StringComparison.Ordinal);

    [Fact]
    public void A_sequence_starts_with_a_job_its_members_come_after() =>
        Assert.Contains(
            "job \"b\": sequenceId \"a\" must be the job itself or one it comes after",
            Chains.ProblemsOf("""{"jobs":{"a":{"type":"t"},"b":{"type":"t","sequenceId":"a"}}}"""),
            StringComparison.Ordinal);

    [Fact]
    public async Task Every_file_with_problems_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("jobrunner-tests");
        try
        {
            var bad = Path.Combine(folder.FullName, "bad.json");
            var missing = Path.Combine(folder.FullName, "missing.json");
            await File.WriteAllTextAsync(bad, "nope", TestContext.Current.CancellationToken);

            var error = await Assert.ThrowsAsync<JobFileException>(
                () => Chains.Files().LoadAsync([bad, missing, folder.FullName], TestContext.Current.CancellationToken));

            Assert.Equal(3, error.Problems.Count);
            Assert.Contains($"{bad}: not JSON (line 1, byte 2)", error.Problems[0], StringComparison.Ordinal);
            Assert.Equal($"{missing}: there is no such file", error.Problems[1]);
            Assert.StartsWith($"{folder.FullName}: ", error.Problems[2], StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_dash_reads_standard_input_once()
    {
        var files = Chains.Files("""{"requestId":"r9","job":{"id":"a","type":"t"}}""");

        var request = Assert.Single(await files.LoadAsync(["-"], TestContext.Current.CancellationToken));

        Assert.Equal(("standard input", "r9"), (request.Source, request.RequestId));
        await Assert.ThrowsAsync<JobFileException>(() => files.LoadAsync(["-", "-"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Two_files_of_one_request_are_refused()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, """{"requestId":"r","job":{"id":"a","type":"t"}}""", TestContext.Current.CancellationToken);

            var error = await Assert.ThrowsAsync<JobFileException>(
                () => Chains.Files().LoadAsync([path, path], TestContext.Current.CancellationToken));

            Assert.Contains("all have requestId \"r\"", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_byte_order_mark_is_no_problem() =>
        Assert.Equal("r", Chains.Files().Parse("f", [0xEF, 0xBB, 0xBF, .. """{"requestId":"r","job":{"id":"a","type":"t"}}"""u8]).RequestId);

    [Theory]
    [InlineData("backup-chain.json", 7)]
    [InlineData("release-chain.json", 12)]
    [InlineData("one-job.json", 1)]
    public async Task The_examples_are_good(string name, int jobs)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "examples", name);

        var request = Assert.Single(await Chains.Files().LoadAsync([path], TestContext.Current.CancellationToken));

        Assert.Equal(jobs, request.Commands.Count);
        Assert.False(request.HasOwnId);
        Assert.All(request.Commands, command => Assert.Matches("^[a-z]{4}$", command.Job.Id));
    }
}
