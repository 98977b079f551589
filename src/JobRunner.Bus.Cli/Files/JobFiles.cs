using System.Text.Json;
using JobRunner.Bus.Chains;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Files;

/// <summary>Reads the files people write: a RunJob, or a Spin Cycle job chain, as JSON.</summary>
internal sealed class JobFiles(RequestIds ids, Func<Stream> openStandardInput)
{
    /// <summary>The name that stands for standard input.</summary>
    public const string StandardInput = "-";

    private static readonly JsonDocumentOptions NoDuplicates = new() { AllowDuplicateProperties = false };

    /// <summary>Reads and checks the files; every file's problems are told at once.</summary>
    /// <exception cref="JobFileException">A file cannot be read, is not JSON, or cannot be run.</exception>
    public async Task<IReadOnlyList<JobRequest>> LoadAsync(IReadOnlyList<string> paths, CancellationToken cancellation)
    {
        List<JobRequest> requests = [];
        List<JobFileException> failures = [];
        if (paths.Count(path => path == StandardInput) > 1)
        {
            throw new JobFileException(Name(StandardInput), ["\"-\" is given more than once; standard input can be read only once"]);
        }

        foreach (var path in paths)
        {
            try
            {
                requests.Add(Parse(Name(path), await ReadAsync(path, cancellation)));
            }
            catch (JobFileException failure)
            {
                failures.Add(failure);
            }
        }

        failures.AddRange(
            from twins in requests.GroupBy(request => request.RequestId)
            where twins.Count() > 1
            select new JobFileException(
                string.Join(" and ", twins.Select(twin => twin.Source)),
                [$"all have requestId \"{twins.Key}\"; put the jobs of one request into one chain"]));

        return failures.Count switch
        {
            0 => requests,
            1 => throw failures[0],
            _ => throw new JobFileException($"{failures.Count} of {paths.Count} files", [.. failures.Select(failure => failure.Message)]),
        };
    }

    /// <summary>Reads and checks the content of one file.</summary>
    /// <param name="source">Name of the file, for messages.</param>
    /// <param name="utf8">Its content.</param>
    /// <exception cref="JobFileException">It is not JSON, or cannot be run.</exception>
    public JobRequest Parse(string source, byte[] utf8)
    {
        ReadOnlySpan<byte> json = utf8;
        if (json.StartsWith("\uFEFF"u8))
        {
            json = json[3..];
        }

        if (json.Trim(" \t\r\n"u8).IsEmpty)
        {
            throw new JobFileException(source, ["the file is empty; it must hold the JSON of a RunJob or of a job chain"]);
        }

        try
        {
            var isChain = IsChain(source, json);
            var wire = ReadableBytes.ToBase64(json);
            return isChain
                ? FromChain(source, Wire.Deserialize<JobChain>(wire))
                : FromCommand(source, Wire.Deserialize<RunJob>(wire));
        }
        catch (JsonException error)
        {
            if (FileMistakes.IsYaml(json))
            {
                throw new JobFileException(
                    source, ["this is YAML; it must be JSON. A Spin Cycle request spec becomes a job chain in its Request Manager: give that chain"], error);
            }

            var place = error.LineNumber is { } line ? $" (line {line + 1}, byte {error.BytePositionInLine + 1})" : "";
            throw new JobFileException(source, [$"not JSON{place}: {FileMistakes.Reason(error)}"], error);
        }
        catch (WireFormatException error)
        {
            var hint = error.InnerException is JsonException { Path: { } path } && path.EndsWith(".bytes", StringComparison.Ordinal)
                ? "; bytes are base64 text, or in a file a JSON object"
                : "";
            throw new JobFileException(source, [error.Message.Replace("the body", "the content", StringComparison.Ordinal) + hint], error);
        }
    }

    private static bool IsChain(string source, ReadOnlySpan<byte> json)
    {
        using var document = JsonDocument.Parse(json.ToArray(), NoDuplicates);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JobFileException(
                source,
                [$"the JSON is {Article(root.ValueKind)}; it must be the object of a RunJob or of a job chain"]);
        }

        if (FileMistakes.Fields(root) is { Count: > 0 } mistakes)
        {
            throw new JobFileException(source, mistakes);
        }

        var isChain = root.TryGetProperty("jobs", out _);
        var isCommand = root.TryGetProperty("job", out _);
        return (isChain, isCommand) switch
        {
            (true, false) => true,
            (false, true) => false,
            (true, true) => throw new JobFileException(
                source,
                ["has both \"job\" and \"jobs\": a RunJob holds \"job\", a job chain \"jobs\" and \"adjacencyList\""]),
            _ => throw new JobFileException(
                source,
                ["has neither \"job\" (a RunJob) nor \"jobs\" (a job chain: \"jobs\" and \"adjacencyList\")"]),
        };
    }

    private static string Article(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private JobRequest FromCommand(string source, RunJob command)
    {
        var given = !string.IsNullOrWhiteSpace(command.RequestId);

        // The state is the chain's own note; whoever sends a RunJob wants it run.
        command = command with
        {
            RequestId = given ? command.RequestId : ids.Next(),
            Job = command.Job with { State = JobState.Pending },
        };
        var wrong = RunJobRules.Check(command);
        return wrong.Count == 0
            ? new JobRequest(source, command.RequestId, [command], new Dictionary<string, IReadOnlyList<string>>()) { HasOwnId = given }
            : throw new JobFileException(source, wrong);
    }

    private JobRequest FromChain(string source, JobChain chain)
    {
        // A null where a job should be is a job without a type: the rules say so.
        chain = chain with { Jobs = chain.Jobs.ToDictionary(pair => pair.Key, pair => pair.Value ?? new Job()) };
        var wrong = ChainCheck.Check(chain, out var next);
        if (wrong.Count > 0)
        {
            throw new JobFileException(source, wrong);
        }

        var given = !string.IsNullOrWhiteSpace(chain.RequestId);
        var requestId = given ? chain.RequestId : ids.Next();
        var commands = ChainGraph.Sort([.. chain.Jobs.Keys], next).Select(id => new RunJob
        {
            RequestId = requestId,
            Job = chain.Jobs[id] with { Id = id },
            JobData = chain.Jobs[id].Data ?? [],
        });
        return new JobRequest(source, requestId, [.. commands], next) { HasOwnId = given, Chain = chain with { RequestId = requestId } };
    }

    private async Task<byte[]> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await using var stream = path == StandardInput ? openStandardInput() : File.OpenRead(path);
            using var content = new MemoryStream();
            await stream.CopyToAsync(content, cancellation);
            return content.ToArray();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new JobFileException(path, ["there is no such file"], error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new JobFileException(
                path,
                [Directory.Exists(path) ? "is a folder, not a file" : $"cannot be read: {error.Message}"],
                error);
        }
    }

    private static string Name(string path) => path == StandardInput ? "standard input" : path;
}
