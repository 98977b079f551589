namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>Spin Cycle's numbers of the states that chaos jobs end in.</summary>
internal static class States
{
    public const int Complete = 3;
    public const int Fail = 4;
    public const int Stopped = 6;
}
