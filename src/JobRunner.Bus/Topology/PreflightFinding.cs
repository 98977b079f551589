namespace JobRunner.Bus.Topology;

/// <summary>How bad a finding is.</summary>
internal enum PreflightVerdict
{
    /// <summary>As it must be.</summary>
    Good,

    /// <summary>Worth knowing.</summary>
    Note,

    /// <summary>Works, though not as it should.</summary>
    Warning,

    /// <summary>The worker cannot work with it, and it does not heal by itself.</summary>
    Wrong,
}

/// <summary>One thing that was looked at before taking work.</summary>
/// <param name="What">The thing.</param>
/// <param name="Verdict">What was found.</param>
/// <param name="Text">What is wrong with it, as a sentence without its end; empty when it is good.</param>
/// <param name="Fix">What to do.</param>
internal sealed record PreflightFinding(string What, PreflightVerdict Verdict, string Text = "", string Fix = "");
