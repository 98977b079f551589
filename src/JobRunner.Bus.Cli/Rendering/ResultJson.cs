using System.Text.Encodings.Web;
using System.Text.Json;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>
/// How requests ended, for scripts: one object for one request, an array for several. States are names, times Unix
/// nanoseconds.
/// </summary>
internal static class ResultJson
{
    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
    };

    /// <summary>The document, without a line break at its end.</summary>
    public static string Write(IReadOnlyList<RequestResult> results)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Indented))
        {
            if (results.Count == 1)
            {
                WriteRequest(json, results[0]);
            }
            else
            {
                json.WriteStartArray();
                foreach (var result in results)
                {
                    WriteRequest(json, result);
                }

                json.WriteEndArray();
            }
        }

        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static void WriteRequest(Utf8JsonWriter json, RequestResult result)
    {
        json.WriteStartObject();
        json.WriteString("requestId", result.RequestId);
        json.WriteString("state", result.State.ToSeedName());
        json.WriteStartArray("jobs");
        foreach (var job in result.Jobs)
        {
            WriteJob(json, job);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteJob(Utf8JsonWriter json, JobOutcome job)
    {
        json.WriteStartObject();
        json.WriteString("id", job.Job.Id);
        json.WriteString("name", job.Job.Name);
        json.WriteString("type", job.Job.Type);
        json.WriteString("finalState", job.FinalState.ToSeedName());
        json.WriteStartArray("tries");
        foreach (var log in job.Tries)
        {
            json.WriteStartObject();
            json.WriteNumber("try", log.Try);
            json.WriteString("state", log.State.ToSeedName());
            json.WriteNumber("exit", log.Exit);
            json.WriteString("error", log.Error);
            json.WriteNumber("startedAt", log.StartedAt);
            json.WriteNumber("finishedAt", log.FinishedAt);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (job.JobData.Count > 0)
        {
            json.WritePropertyName("jobData");
            job.JobData.WriteTo(json);
        }

        if (job.Error is { } error)
        {
            json.WriteString("error", error);
        }

        json.WriteEndObject();
    }
}
