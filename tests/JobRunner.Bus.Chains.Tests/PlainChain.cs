using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Tests;

/// <summary>The rules again, as plainly as they can be said and without care for time: after each event all jobs are looked at anew.</summary>
internal sealed class PlainChain(Dag dag)
{
    private readonly HashSet<string> _retrying = [];
    private bool _stopping;

    public Dictionary<string, JobState> States { get; } = dag.Ids.ToDictionary(id => id, _ => JobState.Pending);

    public HashSet<string> Waiting { get; } = [];

    public Dictionary<string, long> SequenceTries { get; } = dag.Ids.ToDictionary(id => id, _ => 0L);

    public int Complete => States.Values.Count(state => state == JobState.Complete);

    public bool IsOver => !States.ContainsValue(JobState.Running);

    public JobState State => !IsOver ? JobState.Running
        : Complete == States.Count ? JobState.Complete
        : States.ContainsValue(JobState.Fail) ? JobState.Fail
        : JobState.Stopped;

    public List<string> Start() => Settle();

    public List<string> End(string id, JobState state)
    {
        States[id] = state;
        if (state == JobState.Fail && !_stopping && TriesLeft(dag.SequenceOf(id)))
        {
            _retrying.Add(dag.SequenceOf(id));
        }

        return Settle();
    }

    public void Due(string id) => Waiting.Remove(id);

    public void Stop()
    {
        _stopping = true;
        foreach (var id in Waiting)
        {
            States[id] = JobState.Pending;
        }

        Waiting.Clear();
    }

    private List<string> Settle()
    {
        List<string> launched = [];
        if (_stopping)
        {
            return launched;
        }

        foreach (var start in dag.Ids.Where(id => _retrying.Contains(id)))
        {
            var behind = dag.Ids.Where(id => dag.IsBehind(id, start)).ToList();
            if (_retrying.Contains(start)
                && !_retrying.Any(other => other != start && dag.IsBehind(start, other))
                && behind.All(id => States[id] != JobState.Running))
            {
                foreach (var id in behind.Where(id => States[id] == JobState.Complete
                    || (States[id] == JobState.Fail && (dag.SequenceOf(id) == start || TriesLeft(dag.SequenceOf(id))))))
                {
                    States[id] = JobState.Pending;
                }

                _retrying.ExceptWith(behind);
            }
        }

        foreach (var id in dag.Ids.Where(id => States[id] == JobState.Pending
            && dag.Before(id).All(parent => States[parent] == JobState.Complete)
            && !_retrying.Any(start => dag.IsBehind(id, start))))
        {
            launched.Add(id);
            States[id] = JobState.Running;
            if (dag.IsStart(id))
            {
                if (SequenceTries[id]++ > 0 && dag.HasWait(id))
                {
                    Waiting.Add(id);
                }
            }
        }

        return launched;
    }

    private bool TriesLeft(string start) => SequenceTries[start] <= dag.Retries(start);
}
