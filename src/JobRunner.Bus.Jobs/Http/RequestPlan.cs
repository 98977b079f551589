using System.Buffers;
using System.Net.Http.Headers;
using System.Text;

namespace JobRunner.Bus.Jobs.Http;

/// <summary>A checked request, ready to be sent any number of times.</summary>
internal sealed class RequestPlan
{
    private const string Example = """{"method": "POST", "url": "https://example.com/hook", "expectedStatuses": [200, 201]}""";

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    private readonly HttpMethod _method;
    private readonly Uri _uri;
    private readonly string _userInfo;
    private readonly IReadOnlyDictionary<string, string?> _headers;
    private readonly string? _body;
    private readonly IReadOnlyList<int> _expected;

    private RequestPlan(HttpRequestBytes bytes, Uri uri)
    {
        _method = HttpMethod.Parse(bytes.Method is { Length: > 0 } method ? method : "GET");
        _userInfo = Uri.UnescapeDataString(uri.UserInfo);
        _uri = new UriBuilder(uri) { UserName = "", Password = "", Fragment = "" }.Uri;
        _headers = bytes.Headers ?? new Dictionary<string, string?>();
        _body = bytes.Body;
        _expected = bytes.ExpectedStatuses ?? [];
        FollowRedirects = bytes.FollowRedirects ?? false;
    }

    /// <summary>Where it goes.</summary>
    public Uri Target => _uri;

    /// <summary>Whether to follow redirects.</summary>
    public bool FollowRedirects { get; }

    /// <summary>Method and host for people, without what may be secret: user, password, query, and the path, which is all there is to the secret of many webhooks.</summary>
    public string Description => $"{_method} {_uri.GetLeftPart(UriPartial.Authority)}/{(_uri.PathAndQuery.Length > 1 ? "***" : "")}";

    /// <summary>The statuses that mean success, for people.</summary>
    public string Expectation => _expected.Count == 0 ? "2xx" : string.Join(" or ", _expected);

    /// <summary>Whether a status means success.</summary>
    public bool Expects(int status) => _expected.Count == 0 ? status is >= 200 and <= 299 : _expected.Contains(status);

    /// <exception cref="FormatException">The bytes make no request; the message tells why and holds no header value.</exception>
    public static RequestPlan Read(ReadOnlySpan<byte> bytes)
    {
        var read = JobBytes.Read(bytes, JobBytesJson.Default.HttpRequestBytes, BuiltInJobs.HttpRequest, Example);
        if (string.IsNullOrEmpty(read.Url))
        {
            throw new FormatException($"the bytes of the http-request job have no \"url\"; they must be JSON such as {Example}");
        }

        if (!Uri.TryCreate(read.Url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new FormatException("\"url\" of an http-request job must be a full address that starts with http:// or https://");
        }

        if (read.Method is { Length: > 0 } method && !IsToken(method))
        {
            throw new FormatException($"\"method\" of an http-request job is no HTTP method: \"{method}\"");
        }

        foreach (var (name, value) in read.Headers ?? new Dictionary<string, string?>())
        {
            if (!IsToken(name))
            {
                throw new FormatException($"\"headers\" of an http-request job hold \"{name}\", which is no header name");
            }

            if (value is not null && value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                throw new FormatException($"\"headers\" of an http-request job: the value of \"{name}\" holds a line break or NUL");
            }
        }

        foreach (var status in read.ExpectedStatuses ?? [])
        {
            if (status is < 100 or > 599)
            {
                throw new FormatException($"\"expectedStatuses\" of an http-request job hold {status}; an HTTP status is from 100 to 599");
            }
        }

        return new RequestPlan(read, uri);
    }

    /// <summary>The request to send.</summary>
    public HttpRequestMessage ToMessage()
    {
        var request = new HttpRequestMessage(_method, _uri);
        if (_body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(_body));
        }

        if (_userInfo.Length > 0 && !_headers.Keys.Contains("Authorization", StringComparer.OrdinalIgnoreCase))
        {
            request.Headers.Authorization =
                new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(_userInfo)));
        }

        foreach (var (name, value) in _headers)
        {
            // Content-Type and the like belong to the body, if need be to an empty one.
            if (!request.Headers.TryAddWithoutValidation(name, value ?? ""))
            {
                request.Content ??= new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation(name, value ?? "");
            }
        }

        return request;
    }

    private static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(TokenCharacters);
}
