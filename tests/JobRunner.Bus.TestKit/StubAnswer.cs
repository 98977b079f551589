namespace JobRunner.Bus.TestKit;

/// <summary>What a <see cref="StubRequestManager"/> does with a request instead of what a Request Manager would do.</summary>
public abstract record StubAnswer
{
    private StubAnswer()
    {
    }

    /// <summary>Behaves normally: a placeholder in a row of answers.</summary>
    public static StubAnswer Normal { get; } = new NormalAnswer();

    /// <summary>Never answers.</summary>
    public static StubAnswer Hang { get; } = new HangAnswer(Store: false);

    /// <summary>Stores the log, then never answers: a frozen database.</summary>
    public static StubAnswer StoreAndHang { get; } = new HangAnswer(Store: true);

    /// <summary>Closes the connection without an answer.</summary>
    public static StubAnswer Close { get; } = new CloseAnswer(Store: false);

    /// <summary>Stores the log, then closes the connection without an answer.</summary>
    public static StubAnswer StoreAndClose { get; } = new CloseAnswer(Store: true);

    /// <summary>Answers with this status and body, as something that is no Request Manager: a proxy before it, or another program.</summary>
    public static StubAnswer Of(int status, string body, string contentType = "text/plain", params (string Name, string Value)[] headers) =>
        new StatusAnswer(status, body, contentType, headers);

    /// <summary>Answers with an error as a Request Manager writes it.</summary>
    public static StubAnswer Error(int status, string message) =>
        new StatusAnswer(status, StubRequestManager.ErrorJson(status, message), "application/json", [StubRequestManager.Version]);

    /// <summary>Answers as a Request Manager does, with this status and body.</summary>
    public static StubAnswer Own(int status, string body, params (string Name, string Value)[] headers) =>
        new StatusAnswer(status, body, "text/plain", [StubRequestManager.Version, .. headers]);

    internal sealed record NormalAnswer : StubAnswer;

    internal sealed record HangAnswer(bool Store) : StubAnswer;

    internal sealed record CloseAnswer(bool Store) : StubAnswer;

    internal sealed record StatusAnswer(
        int Status, string Body, string ContentType, IReadOnlyList<(string Name, string Value)> Headers) : StubAnswer;
}
