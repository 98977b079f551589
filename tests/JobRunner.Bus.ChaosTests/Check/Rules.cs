namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>The names of the rules.</summary>
public static class Rules
{
    /// <summary>Every run that was sent has an end, and all tellings of it are the same.</summary>
    public const string OneEnd = "every run has exactly one end";

    /// <summary>Per job the Request Manager's rows are numbered 1 to n, n being the count the last end tells.</summary>
    public const string LogNumbers = "logs are numbered 1 to n without gap";

    /// <summary>Whatever was published, posted and stored under one number is the same log.</summary>
    public const string OneLogPerNumber = "no log number comes twice with different contents";

    /// <summary>A log that the broker's exchange passed on is at the Request Manager in the end.</summary>
    public const string NoLogLost = "no accepted log is missing at the Request Manager";

    /// <summary>After the answer to a stop, no try of the run it was meant for starts.</summary>
    public const string NoTryAfterStop = "no try starts after its stop was answered";

    /// <summary>A run whose worker and broker are well does not start tries long after its stop.</summary>
    public const string StopHeeded = "a stop is heeded";

    /// <summary>The state told to whoever asked for the stop is that of the run's end.</summary>
    public const string StopAnswerTrue = "the answer to a stop tells the end";

    /// <summary>A try starts again only if a fault hit the worker that ran it, and not once its log is accepted.</summary>
    public const string NoTryTwice = "no try runs twice without need";

    /// <summary>Two tries of a job do not run at the same time, unless the worker of one was paused.</summary>
    public const string NoTryBesideAnother = "no try runs beside another of its job";

    /// <summary>Counters and final state are what the tries that ran to their end make them.</summary>
    public const string BudgetKept = "faults use up no budget";

    /// <summary>What a logged try wrote into the job data is there in the end.</summary>
    public const string JobDataKept = "job data is kept";

    /// <summary>No error queue holds anything, and no other queue does once all has ended.</summary>
    public const string NothingLeft = "nothing is left in a queue";

    /// <summary>A queue that workers need, and that was deleted, is declared again within half a minute.</summary>
    public const string DeletedComesBack = "what was deleted comes back";

    /// <summary>A worker gives its runs up only when it, its link or the broker was hit; never because a clock was set.</summary>
    public const string NoneAbandoned = "no runs are abandoned without need";

    /// <summary>A worker that was told to end exits with 0.</summary>
    public const string DrainEndsWell = "a drain ends well";
}
