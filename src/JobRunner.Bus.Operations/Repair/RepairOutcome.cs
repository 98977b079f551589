namespace JobRunner.Bus.Operations.Repair;

/// <summary>What became of a message of an error queue, or would become of it.</summary>
internal enum RepairKind
{
    /// <summary>Sent back to its queue.</summary>
    SentBack,

    /// <summary>Removed: what it holds is where it belongs already.</summary>
    Dropped,

    /// <summary>Left in the error queue.</summary>
    Kept,

    /// <summary>Removed because a person said so.</summary>
    Discarded,
}

/// <summary>What became of one message.</summary>
/// <param name="Message">The message; without its body.</param>
/// <param name="Kind">What became of it.</param>
/// <param name="Note">More of it, in a few words.</param>
internal sealed record RepairOutcome(ErrorMessage Message, RepairKind Kind, string Note);
