using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.RabbitMq;

/// <summary>A message counts as accepted once the broker has confirmed it and a look sent behind it found its queue.</summary>
public sealed class KeepersTests
{
    private readonly Lock _lock = new();
    private readonly List<(string Queue, TaskCompletionSource Answer)> _looks = [];
    private readonly Keepers _keepers;
    private Exception? _ended;

    public KeepersTests() => _keepers = new Keepers(
        queue =>
        {
            var answer = new TaskCompletionSource();
            _looks.Add((queue, answer));
            return answer.Task;
        },
        error =>
        {
            _ended = error;
            lock (_lock)
            {
                _keepers!.Fail(error);
            }
        },
        _lock,
        new FakeTimeProvider());

    [Fact]
    public void A_message_that_is_confirmed_is_accepted_only_once_its_queue_was_seen()
    {
        var message = Sent("q");
        Confirmed(message);
        Assert.False(message.Task.IsCompleted);

        _looks[0].Answer.SetResult();

        Assert.True(message.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_message_whose_queue_was_seen_is_accepted_only_once_it_is_confirmed()
    {
        var message = Sent("q");
        _looks[0].Answer.SetResult();
        Assert.False(message.Task.IsCompleted);

        Confirmed(message);

        Assert.True(message.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_message_without_a_queue_of_its_own_needs_no_look()
    {
        var message = Sent(null);
        Confirmed(message);

        Assert.True(message.Task.IsCompletedSuccessfully);
        Assert.Empty(_looks);
    }

    [Fact]
    public void What_is_sent_while_a_look_is_under_way_waits_for_the_next_one()
    {
        var first = Sent("q");
        var others = Enumerable.Range(0, 100).Select(_ => Sent("q")).ToList();
        Confirmed([first, .. others]);
        Assert.Single(_looks);

        _looks[0].Answer.SetResult();
        Assert.True(first.Task.IsCompletedSuccessfully);
        Assert.All(others, other => Assert.False(other.Task.IsCompleted));
        Assert.Equal(2, _looks.Count);

        _looks[1].Answer.SetResult();
        Assert.All(others, other => Assert.True(other.Task.IsCompletedSuccessfully));
        Assert.Equal(2, _looks.Count);
        Assert.Null(_keepers.LookingSince);
    }

    [Fact]
    public void One_look_is_for_all_that_was_sent_before_it()
    {
        List<Publication> sent = [Sent("q", look: false), Sent(null, look: false), Sent("q", look: false)];
        Confirmed(sent);
        Assert.Empty(_looks);

        _keepers.Look();
        _looks[0].Answer.SetResult();

        Assert.All(sent, message => Assert.True(message.Task.IsCompletedSuccessfully));
        _keepers.Look();
        Assert.Single(_looks);
    }

    [Fact]
    public void Each_queue_is_looked_for_and_a_look_says_nothing_of_another_queue()
    {
        var one = Sent("one");
        var two = Sent("two");
        Confirmed(one, two);
        _looks[0].Answer.SetResult();
        Assert.Equal((true, false), (one.Task.IsCompleted, two.Task.IsCompleted));

        _looks[1].Answer.SetResult();

        Assert.Equal(["one", "two"], _looks.Select(look => look.Queue));
        Assert.True(two.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public void Where_the_queue_is_missing_all_that_was_sent_meanwhile_fails_though_confirmed()
    {
        var first = Sent("q");
        var second = Sent("q");
        var other = Sent("other");
        Confirmed(first, second, other);

        _looks[0].Answer.SetException(new IOException("no queue 'q'"));

        Assert.Equal("no queue 'q'", _ended?.Message);
        Assert.All([first, second, other], message => Assert.True(message.Task.IsFaulted));
        Assert.True(Sent("q").Task.IsFaulted);
    }

    private Publication Sent(string? keeper, bool look = true)
    {
        var message = new Publication("exchange", "", new BasicProperties(), ReadOnlyMemory<byte>.Empty, mandatory: true, CancellationToken.None) { Keeper = keeper };
        message.Sending(1);
        _keepers.Sent(message);
        if (look)
        {
            _keepers.Look();
        }

        return message;
    }

    private static void Confirmed(params IEnumerable<Publication> messages)
    {
        foreach (var message in messages)
        {
            message.Answered();
        }
    }
}
