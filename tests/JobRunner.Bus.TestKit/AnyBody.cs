using System.Text;

namespace JobRunner.Bus.TestKit;

/// <summary>Bodies that nobody expected: messages of the contract with bytes and tokens changed, by a seed that a failure tells.</summary>
public sealed class AnyBody(int seed)
{
    private static readonly string?[] ContentTypes =
    [
        null, "", " ", "application/json", "application/vnd.masstransit+json", "application/vnd.masstransit+json; charset=utf-8",
        "APPLICATION/VND.MASSTRANSIT+JSON", "application/vnd.masstransit+jsonx", "text/plain", "not a content type", "application/json;", ";", "\u0001/\u0002",
    ];

    private const string Command =
        """{"requestId":"c0ffee0000000000abcd","job":{"id":"9vKx","name":"línea","type":"noop","bytes":"e30=","args":{"a":1},"data":{"b":[1,2]},"retry":3,"retryWait":"1s","sequenceId":"x"},"jobData":{"k":{"l":[true,null,"😀"]}},"prevTries":2,"totalTries":7,"sentAt":"2026-07-01T12:00:00Z","timeout":"1m","new":{"unknown":[1.5e3]}}""";

    private const string Log =
        """{"requestId":"c0ffee0000000000abcd","jobId":"9vKx","try":3,"name":"n","type":"noop","startedAt":1782907200000000000,"finishedAt":1782907201000000000,"state":4,"exit":1,"error":"e","stdout":"o","stderr":"s"}""";

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            Command,
            Log,
            """{"requestId":"c0ffee0000000000abcd","jobId":"9vKx","sentAt":"2026-07-01T12:00:00Z"}""",
            """{"messageId":"3fa85f64-5717-4562-b3fc-2c963f66afa6","conversationId":null,"messageType":["urn:message:A:B"],"message":""" + Command + ""","headers":{"x":"y"},"host":{} }""",
            """{"Message":""" + Log + "}",
            """{"\ud800xx": 1}""",
            "{}",
            "",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "\\ud800", "\\udc00", "\"\\ud800xx\":1,", "\\u0000", "\\u006d", "\0", "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "-", "1e400",
            "99999999999999999999", "-9223372036854775808", "0.1", "\"message\":", "\"requestId\":", "\"job\":", "\"id\":", "\"prevTries\":", "\uFEFF", "\u2028", "/*", "//",
            new string('[', 70), new string('{', 3), "\"a\":{\"a\":", "\"9999-12-31T23:59:60Z\"", "\"0001-01-01T00:00:00Z\"", "\"2h-3m\"", "****",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF0, 0x9F],
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next body, and what its sender said it is.</summary>
    public (byte[] Body, string? ContentType) Next()
    {
        var body = Pick(Seeds).ToList();
        for (var changes = _random.Next(6); changes > 0; changes--)
        {
            Change(body);
        }

        return ([.. body], Pick(ContentTypes));
    }

    /// <summary>Headers that nobody expected, by names that mean something to MassTransit or to workers.</summary>
    public static Dictionary<string, object?> HeadersOf(int seed)
    {
        var random = new Random(seed);
        string[] names =
        [
            "MT-Activity-Id", "MT-Request-Id", "MT-Response-Address", "MT-Fault-Address", "MT-MessageType", "MT-Redelivery-Count", "MT-Host-Info", "Content-Type", "MessageId",
            "traceparent", "tracestate", "jobrunner-leg", "jobrunner-tries-before", "jobrunner-failures", "x-delivery-count", "x-death", "any",
        ];
        return Enumerable.Range(0, random.Next(5)).Select(_ => names[random.Next(names.Length)]).Distinct().ToDictionary(name => name, _ => Value(random, 0));
    }

    private static object? Value(Random random, int depth) => random.Next(depth > 2 ? 7 : 9) switch
    {
        0 => null,
        1 => "",
        2 => random.NextInt64(long.MinValue, long.MaxValue),
        3 => new byte[] { 0xFF, 0, 0xC3 },
        4 => "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        5 => random.NextDouble(),
        6 => random.Next(2) == 0,
        7 => new List<object?> { Value(random, depth + 1), Value(random, depth + 1) },
        _ => new Dictionary<string, object?> { ["a"] = Value(random, depth + 1), [""] = 1 },
    };

    private void Change(List<byte> body)
    {
        var at = _random.Next(body.Count + 1);
        var length = Math.Min(_random.Next(1, 12), body.Count - at);
        switch (_random.Next(6))
        {
            case 0:
                body.RemoveRange(at, length);
                break;
            case 1:
                body.InsertRange(_random.Next(body.Count + 1), body.GetRange(at, length));
                break;
            case 2 when at < body.Count:
                body[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 3 when _random.Next(4) == 0:
                body.RemoveRange(at, body.Count - at);
                break;
            default:
                body.InsertRange(at, Pick(Tokens));
                break;
        }
    }

    private T Pick<T>(T[] of) => of[_random.Next(of.Length)];
}
