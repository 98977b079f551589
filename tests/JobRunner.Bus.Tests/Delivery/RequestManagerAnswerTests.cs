using System.Text;
using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.TestKit;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class RequestManagerAnswerTests
{
    [Theory]
    [InlineData(201, "", "Stored")]
    [InlineData(500, "Error 1062: Duplicate entry 'a-b-1' for key 'PRIMARY'", "AlreadyThere")]
    [InlineData(500, "Error 1062 (23000): Duplicate entry 'a-b-1' for key 'PRIMARY'", "AlreadyThere")]
    [InlineData(500, "Error 1264: Out of range value for column 'try' at row 1", "Permanent")]
    [InlineData(500, "Error 1366: Incorrect string value", "Permanent")]
    [InlineData(500, "Error 1406: Data too long for column 'name' at row 1", "Permanent")]
    [InlineData(500, "Error 1105: Parameter is longer than 'max_allowed_packet' bytes", "Permanent")]
    [InlineData(500, "Error 10620: something else", "Retryable")]
    [InlineData(500, "insert failed: Error 1062: Duplicate entry", "Retryable")]
    [InlineData(500, "dial tcp 127.0.0.1:3306: connect: connection refused", "Outage")]
    [InlineData(500, "invalid connection", "Outage")]
    [InlineData(500, "", "Retryable")]
    [InlineData(503, "Error 1062: Duplicate entry", "Outage")]
    [InlineData(500, "Error 1105: unknown error", "Retryable")]
    [InlineData(500, "Error 1040: Too many connections", "Outage")]
    [InlineData(502, "<html>bad gateway</html>", "Retryable")]
    [InlineData(504, "", "Retryable")]
    [InlineData(401, "", "Outage")]
    [InlineData(403, "", "Outage")]
    [InlineData(408, "", "Retryable")]
    [InlineData(429, "", "Outage")]
    [InlineData(400, "bad", "Permanent")]
    [InlineData(404, "", "Permanent")]
    [InlineData(405, "", "Permanent")]
    [InlineData(413, "", "Permanent")]
    [InlineData(415, "", "Permanent")]
    [InlineData(301, "", "Outage")]
    [InlineData(308, "", "Outage")]
    [InlineData(200, "welcome to the wrong server", "Retryable")]
    [InlineData(204, "", "Retryable")]
    public void An_answer_means_what_the_table_says(int status, string message, string kind)
    {
        Assert.Equal(kind, Of(status, message).Kind.ToString());

        var json = Of(status, StubRequestManager.ErrorJson(status, message));
        Assert.Equal(kind, json.Kind.ToString());
        Assert.Equal(status == 201 ? "" : message, json.Words);
    }

    [Theory]
    [InlineData(201, """{"requestId":"c0ffee0000000000abcd","jobId":"9vKx","try":1,"name":"cut off after so many""", "Stored")]
    [InlineData(201, """{"requestId":"c0ffee0000000000abcd","jobId":"9vKx","try":2}""", "Outage")]
    [InlineData(201, "<html>created</html>", "Outage")]
    [InlineData(201, "", "Outage")]
    [InlineData(200, """{"requestId":"c0ffee0000000000abcd","jobId":"9vKx","try":1}""", "Outage")]
    [InlineData(500, "Error 1062: Duplicate entry 'c0ffee0000000000abcd-9vKx-1' for key 'PRIMARY'", "AlreadyThere")]
    [InlineData(500, "Error 1062: Duplicate entry 'c0ffee0000000000abcd-9vKx-12' for key 'PRIMARY'", "Outage")]
    [InlineData(500, "Error 1406: Data too long for column 'name' at row 1", "Outage")]
    [InlineData(400, "bad", "Outage")]
    [InlineData(404, "Not Found", "Outage")]
    [InlineData(301, "", "Outage")]
    public void Without_the_header_only_the_log_itself_proves_whose_answer_it_is(int status, string body, string kind) =>
        Assert.Equal(kind, RequestManagerAnswer.Of(Log(), status, hasVersion: false, Encoding.UTF8.GetBytes(body)).Kind.ToString());

    [Theory]
    [InlineData(200, "thanks", "Stored")]
    [InlineData(201, "", "Stored")]
    [InlineData(204, "", "Stored")]
    [InlineData(400, "bad", "Permanent")]
    [InlineData(404, "", "Permanent")]
    [InlineData(429, "", "Outage")]
    [InlineData(500, "Error 1062: Duplicate entry", "AlreadyThere")]
    [InlineData(500, "oops", "Retryable")]
    public void For_any_receiver_status_codes_count_by_themselves(int status, string body, string kind) =>
        Assert.Equal(kind, RequestManagerAnswer.Of(Log(), status, hasVersion: false, Encoding.UTF8.GetBytes(body), anyReceiver: true).Kind.ToString());

    [Theory]
    [InlineData("""{"message":"cut off in the mid""", """{"message":"cut off in the mid""")]
    [InlineData("""{"error":"other shape"}""", """{"error":"other shape"}""")]
    [InlineData("""{"message":7}""", """{"message":7}""")]
    [InlineData("""{"message":"\ud800"}""", """{"message":"\ud800"}""")]
    [InlineData("[1]", "[1]")]
    [InlineData("two\r\nlines\u001b[31m\n", "two  lines [31m")]
    public void Words_that_are_no_error_of_a_Request_Manager_are_kept_on_one_line(string body, string words) =>
        Assert.Equal(words, AnswerWords.Of(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Words_are_at_most_a_kilobyte()
    {
        var words = AnswerWords.Of(Encoding.UTF8.GetBytes(new string('é', 4000)));

        Assert.InRange(Encoding.UTF8.GetByteCount(words), 1000, AnswerWords.MaxBytes);
        Assert.Matches("^é+…\\[cut [0-9]+ bytes\\]$", words);
    }

    [Fact]
    public void A_redirect_says_that_the_setting_points_elsewhere() => Assert.Contains(
        "JobRunner__RequestManager__BaseUrl points elsewhere", Of(302, "").ToString(), StringComparison.Ordinal);

    private static RequestManagerAnswer Of(int status, string body) =>
        RequestManagerAnswer.Of(Log(), status, hasVersion: true, Encoding.UTF8.GetBytes(body));
}
