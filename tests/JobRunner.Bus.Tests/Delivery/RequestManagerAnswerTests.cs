using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.TestKit;

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
    [InlineData(500, "dial tcp 127.0.0.1:3306: connect: connection refused", "Retryable")]
    [InlineData(500, "invalid connection", "Retryable")]
    [InlineData(500, "", "Retryable")]
    [InlineData(503, "Error 1062: Duplicate entry", "Retryable")]
    [InlineData(502, "<html>bad gateway</html>", "Retryable")]
    [InlineData(504, "", "Retryable")]
    [InlineData(401, "", "Retryable")]
    [InlineData(403, "", "Retryable")]
    [InlineData(408, "", "Retryable")]
    [InlineData(429, "", "Retryable")]
    [InlineData(400, "bad", "Permanent")]
    [InlineData(404, "", "Permanent")]
    [InlineData(405, "", "Permanent")]
    [InlineData(413, "", "Permanent")]
    [InlineData(415, "", "Permanent")]
    [InlineData(301, "", "Permanent")]
    [InlineData(308, "", "Permanent")]
    [InlineData(200, "welcome to the wrong server", "Retryable")]
    [InlineData(204, "", "Retryable")]
    public void An_answer_means_what_the_table_says(int status, string message, string kind)
    {
        Assert.Equal(kind, RequestManagerAnswer.Of(status, message).Kind.ToString());

        var json = RequestManagerAnswer.Of(status, StubRequestManager.ErrorJson(status, message));
        Assert.Equal(kind, json.Kind.ToString());
        Assert.Equal(message, json.Words);
    }

    [Theory]
    [InlineData("""{"message":"cut off in the mid""", """{"message":"cut off in the mid""")]
    [InlineData("""{"error":"other shape"}""", """{"error":"other shape"}""")]
    [InlineData("""{"message":7}""", """{"message":7}""")]
    [InlineData("""{"message":"\ud800"}""", """{"message":"\ud800"}""")]
    [InlineData("[1]", "[1]")]
    [InlineData("two\r\nlines\u001b[31m\n", "two  lines [31m")]
    public void Words_that_are_no_error_of_a_Request_Manager_are_kept_on_one_line(string body, string words) =>
        Assert.Equal(words, AnswerWords.Of(body));

    [Fact]
    public void Words_are_at_most_a_kilobyte()
    {
        var words = AnswerWords.Of(new string('é', 4000));

        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(words), 1000, AnswerWords.MaxBytes);
        Assert.Matches("^é+…\\[cut [0-9]+ bytes\\]$", words);
    }

    [Fact]
    public void A_redirect_says_that_the_setting_points_elsewhere() => Assert.Contains(
        "JobRunner__RequestManager__BaseUrl points elsewhere", RequestManagerAnswer.Of(302, "").ToString(), StringComparison.Ordinal);
}
