using System.Globalization;
using System.Text.RegularExpressions;
using JobRunner.Bus.Benchmarks.Broker;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>
/// How long those processes within a broker run of which there is one only: for a queue, a channel, a broker. Each can have
/// one core and no more, whatever the machine has.
/// </summary>
/// <param name="JobsPerSecond">Jobs that ran meanwhile.</param>
/// <param name="PerJob">Microseconds of a core per job, by what the process is.</param>
/// <param name="JobsPerSync">Jobs whose messages one write to the disk holds.</param>
/// <param name="SyncMs">How long such a write takes, milliseconds.</param>
internal sealed partial record Occupancy(double JobsPerSecond, IReadOnlyDictionary<string, double> PerJob, double JobsPerSync, double SyncMs)
{
    /// <summary>The write-ahead log and its disk when each write holds as many entries as it may.</summary>
    public const string FullLog = "wal_full";

    // The broker's wal_max_batch_size.
    private const int EntriesPerSync = 4096;

    public static readonly Occupancy None = new(0, new Dictionary<string, double>(), 0, 0);

    /// <summary>What there is one of, by its name in the broker: what it is, and for what there is one.</summary>
    public static readonly IReadOnlyDictionary<string, (string What, string OnePer)> Processes = new Dictionary<string, (string, string)>
    {
        ["rabbit_channel"] = ("channel that publishes logs and ends", "worker"),
        ["rabbit_reader"] = ("connection that publishes", "worker"),
        ["rabbit_writer"] = ("connection that consumes", "worker"),
        ["run_job"] = ("queue `run-job`", "virtual host"),
        ["logs"] = ("queue `job-log-recorded`", "virtual host"),
        ["ends"] = ("the scheduler's queue", "scheduler"),
        ["osiris_writer"] = ("stream `job-journal`", "virtual host"),
        ["wal"] = ("write-ahead log, without waiting for the disk", "broker"),
        [FullLog] = ("write-ahead log and its disk, 4,096 entries at a time", "broker"),
        ["segments"] = ("segment writer, without waiting for the disk", "broker"),
    };

    /// <summary>Watches a node, from the first ends of a virtual host on.</summary>
    /// <exception cref="InvalidOperationException">The node cannot be watched.</exception>
    public static async Task<Occupancy> WatchAsync(RabbitMqNode node, string virtualHost, TimeSpan window)
    {
        var told = await node.ControlAsync("eval", Program(virtualHost, window));
        var figures = Figure().Matches(told).ToDictionary(
            one => one.Groups[1].Value, one => double.Parse(one.Groups[2].Value, CultureInfo.InvariantCulture), StringComparer.Ordinal);
        var jobs = figures["jobs"];
        // A process counts as running while the system has given its core to somebody else; so does the broker as a whole.
        var onCore = Math.Min(1, figures["cpu"] / figures["active"]);
        var perJob = Processes.Keys.Where(figures.ContainsKey).ToDictionary(name => name, name => figures[name] * onCore / jobs);
        perJob[FullLog] = perJob["wal"] + figures["wal_disk"] / figures["syncs"] * figures["entries"] / jobs / EntriesPerSync;
        return new Occupancy(
            jobs / figures["window"] * 1e6,
            perJob,
            jobs / figures["syncs"],
            figures["wal_disk"] / figures["syncs"] / 1000);
    }

    // Follows the scheduling of the processes; what they do on a dirty scheduler is waiting for the disk.
    private static string Program(string virtualHost, TimeSpan window) =>
        $$$"""
        Queue = fun(Name) -> binary_to_atom(<<"{{{virtualHost}}}_", Name/binary>>) end,
        Names = #{Queue(<<"run-job">>) => run_job, Queue(<<"job-log-recorded">>) => logs, Queue(<<"{{{Load.Ends}}}">>) => ends,
          ra_log_wal => wal, ra_log_segment_writer => segments},
        Kinds = [rabbit_reader, rabbit_writer, rabbit_channel, osiris_writer],
        Kind = fun(Process) ->
          case {erlang:process_info(Process, registered_name), catch proc_lib:translate_initial_call(Process)} of
            {{registered_name, Name}, _} -> maps:get(Name, Names, none);
            {_, {Module, _, _}} -> case lists:member(Module, Kinds) of true -> Module; false -> none end;
            _ -> none
          end
        end,
        Watched = [{Process, Its} || Process <- processes(), (Its = Kind(Process)) =/= none],
        Counter = fun(Who, Which) -> maps:get(Which, maps:get(Who, ra_counters:overview())) end,
        Ends = fun() -> Counter({Queue(<<"{{{Load.Ends}}}">>), node()}, commands) end,
        Now = fun() -> [Ends(), Counter(ra_log_wal, batches), Counter(ra_log_wal, writes), element(1, erlang:statistics(runtime)), erlang:monotonic_time()] end,
        Before = Ends(),
        (fun Wait() -> case Ends() > Before + 2000 of true -> ok; false -> timer:sleep(20), Wait() end end)(),
        erlang:system_flag(scheduler_wall_time, true),
        Flags = [running, scheduler_id, monotonic_timestamp],
        [catch erlang:trace(Process, true, Flags) || {Process, _} <- Watched],
        BusyFrom = lists:sort(erlang:statistics(scheduler_wall_time)),
        From = Now(),
        timer:sleep({{{window.TotalMilliseconds:f0}}}),
        To = Now(),
        BusyTo = lists:sort(erlang:statistics(scheduler_wall_time)),
        [catch erlang:trace(Process, false, Flags) || {Process, _} <- Watched],
        [Jobs, Syncs, Entries, Cpu, Time] = [Last - First || {First, Last} <- lists:zip(From, To)],
        Add = fun(Process, Scheduler, Ran, Sums) ->
          Where = case Scheduler of 0 -> disk; _ -> core end,
          maps:update_with({Process, Where}, fun(Sum) -> Sum + Ran end, Ran, Sums)
        end,
        Sums = (fun Next(Since, Sums) ->
          receive
            {trace_ts, Process, in, _, Scheduler, At} -> Next(Since#{Process => {Scheduler, At}}, Sums);
            {trace_ts, Process, _, _, _, At} ->
              case maps:take(Process, Since) of
                {{Scheduler, Began}, Rest} -> Next(Rest, Add(Process, Scheduler, At - Began, Sums));
                error -> Next(Since, Sums)
              end
          after 0 -> Sums end
        end)(#{}, #{}),
        Micro = fun(Native) -> erlang:convert_time_unit(Native, native, microsecond) end,
        Most = fun(Its, Where) -> Micro(lists:max([0 | [maps:get({Process, Where}, Sums, 0) || {Process, What} <- Watched, What =:= Its]])) end,
        Active = lists:sum([(A2 - A1) / (T2 - T1) || {{I, A1, T1}, {I, A2, T2}} <- lists:zip(BusyFrom, BusyTo)]),
        [{jobs, Jobs}, {syncs, Syncs}, {entries, Entries}, {window, Micro(Time)}, {cpu, Cpu * 1000}, {active, round(Active * Micro(Time))}, {wal_disk, Most(wal, disk)}]
          ++ [{Its, Most(Its, core)} || Its <- maps:values(Names) ++ Kinds].
        """;

    [GeneratedRegex(@"\{(\w+),(\d+)\}")]
    private static partial Regex Figure();
}
