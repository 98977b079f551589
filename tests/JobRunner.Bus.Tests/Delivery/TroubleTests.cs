using JobRunner.Bus.Delivery.RequestManager;
using Polly.Timeout;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class TroubleTests
{
    [Theory]
    [InlineData(500, "dial tcp 127.0.0.1:3306: connect: connection refused", true, false)]
    [InlineData(500, "dial unix /run/mysqld.sock: no such file", true, false)]
    [InlineData(500, "invalid connection", true, false)]
    [InlineData(500, "driver: bad connection", true, false)]
    [InlineData(500, "Error 1040: Too many connections", true, true)]
    [InlineData(500, "Error 1205: Lock wait timeout exceeded", false, false)]
    [InlineData(500, "", false, false)]
    [InlineData(501, "", false, false)]
    [InlineData(502, "", false, false)]
    [InlineData(503, "", true, true)]
    [InlineData(504, "", false, true)]
    [InlineData(401, "", true, false)]
    [InlineData(403, "", true, false)]
    [InlineData(408, "", false, true)]
    [InlineData(429, "", true, true)]
    [InlineData(200, "", false, false)]
    public void An_answer_tells_whether_it_is_about_this_log_or_about_all(int status, string words, bool down, bool busy) =>
        Assert.Equal(new Trouble(down, busy), Trouble.Of(RequestManagerAnswer.Of(status, words)));

    [Fact]
    public void No_connection_is_about_all_and_no_answer_may_be_about_this_log()
    {
        Assert.Equal(new Trouble(true, false), Trouble.Of(new HttpRequestException(HttpRequestError.ConnectionError)));
        Assert.Equal(new Trouble(true, false), Trouble.Of(new HttpRequestException(HttpRequestError.NameResolutionError)));
        Assert.Equal(new Trouble(true, false), Trouble.Of(new HttpRequestException(HttpRequestError.SecureConnectionError)));
        Assert.Equal(new Trouble(true, false), Trouble.Of(new TaskCanceledException("connect timeout")));
        Assert.Equal(new Trouble(false, true), Trouble.Of(new TimeoutRejectedException()));
        Assert.Equal(default, Trouble.Of(new HttpRequestException(HttpRequestError.ResponseEnded)));
        Assert.Equal(default, Trouble.Of(new IOException()));
    }
}
