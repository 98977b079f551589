using JobRunner.Bus.Leases;
using JobRunner.Bus.Runners;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Leases;

public sealed class QuestionsTests
{
    private static readonly RunnerKey Job = new("r", "j");

    private readonly FakeTimeProvider _time = new();
    private readonly Questions _questions;

    public QuestionsTests() => _questions = new Questions(_time);

    [Fact]
    public void Silence_counts_from_the_first_question_however_often_it_is_asked()
    {
        _questions.Asked(Job);
        Pass(7);
        _questions.Asked(Job);
        Pass(4);

        Assert.Equal(TimeSpan.FromSeconds(11), _questions.SilenceAbout(Job));
    }

    [Fact]
    public void Nothing_is_known_of_a_job_that_was_not_asked_for()
    {
        _questions.Asked(new RunnerKey("r", "other"));
        Pass(11);

        Assert.Null(_questions.SilenceAbout(Job));
        Assert.False(_questions.IsAnswered(Job));
    }

    [Fact]
    public void An_answer_ends_the_silence_and_a_later_question_begins_it_anew()
    {
        _questions.Asked(Job);
        Pass(5);
        _questions.Answered(Job);
        Pass(11);
        Assert.Null(_questions.SilenceAbout(Job));
        Assert.True(_questions.IsAnswered(Job));

        _questions.Asked(Job);
        Pass(2);

        Assert.Equal(TimeSpan.FromSeconds(2), _questions.SilenceAbout(Job));
    }

    [Fact]
    public void An_answer_that_overtakes_its_question_is_one_to_it()
    {
        _questions.Answered(Job);
        _questions.Asked(Job);
        Pass(11);

        Assert.Null(_questions.SilenceAbout(Job));
    }

    [Fact]
    public void What_was_heard_before_a_gap_proves_nothing_after_it()
    {
        _questions.Asked(Job);
        Pass(5);
        _questions.EndListening();
        Pass(1);
        _questions.Listen();
        Pass(11);

        Assert.Null(_questions.SilenceAbout(Job));
        Assert.Equal(TimeSpan.FromSeconds(11), _questions.ListensFor);
    }

    [Fact]
    public void A_job_that_was_taken_over_is_asked_for_anew()
    {
        _questions.Asked(Job);
        Pass(11);
        _questions.Forget(Job);

        Assert.Null(_questions.SilenceAbout(Job));
    }

    [Fact]
    public void Old_silence_does_not_count_and_is_asked_for_anew()
    {
        _questions.Asked(Job);
        Pass(601);
        Assert.Null(_questions.SilenceAbout(Job));

        _questions.Asked(Job);
        Pass(3);

        Assert.Equal(TimeSpan.FromSeconds(3), _questions.SilenceAbout(Job));
    }

    private void Pass(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));
}
