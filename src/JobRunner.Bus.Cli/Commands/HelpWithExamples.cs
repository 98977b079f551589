using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Help that ends with examples and exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    private static readonly Dictionary<string, string> Endings = new()
    {
        [""] = """
            Examples:
              jobrunner run examples/backup-chain.json
              jobrunner worker --broker amqp://guest:guest@localhost:5672/
              jobrunner submit --wait examples/backup-chain.json

            Exit codes:
              0    done; for run and submit --wait: every job is COMPLETE
              1    a job is not COMPLETE, or the command could not be carried out
              2    the command line, a setting or a file is wrong; nothing was sent
              130  stopped by Ctrl-C; 143 by SIGTERM; 141 when nobody reads the output any more

            """,
        ["worker"] = """
            Every setting can be given as --Section:Name VALUE, or in the environment as Section__Name.

            Examples:
              jobrunner worker --broker amqp://guest:guest@localhost:5672/
              jobrunner worker --JobRunner:Worker:Slots 8 --JobRunner:Jobs:Shell:Enabled true
              JobRunner__Transport=RabbitMq JobRunner__RabbitMq__Uri=amqp://localhost jobrunner worker

            """,
        ["run"] = """
            A file holds a RunJob ("job") or a job chain ("jobs", "adjacencyList"). A job's "bytes" may be a JSON object
            instead of base64. Without requestId the request gets a fresh one. Ctrl-C stops what runs and waits for it;
            a second Ctrl-C leaves at once. With --json, one file gives an object, several give an array.

            Examples:
              jobrunner run examples/backup-chain.json
              jobrunner run examples/one-job.json --json | jq -r .state
              generate-chain | jobrunner run --slots 4 -
              jobrunner run examples/release-chain.json --dashboard

            Exit codes: 0 if every job is COMPLETE, 1 if not, 2 for a wrong file, 130 if stopped by Ctrl-C; with --dashboard
            the Ctrl-C that ends the page after the end of the run changes nothing

            """,
        ["submit"] = """
            Without --wait a chain is handed over to workers of role Chain, and needs this process no more.

            Examples:
              jobrunner submit examples/one-job.json --broker amqp://guest:guest@localhost:5672/
              jobrunner submit examples/backup-chain.json
              jobrunner submit --wait examples/backup-chain.json
              jobrunner submit --wait --json chain.json > result.json

            Exit codes: 0 if sent, with --wait if every job is COMPLETE; 1 if not; 2 for a wrong file; 130 if stopped by Ctrl-C

            """,
        ["stop"] = """
            The stop applies to what was sent before it: running, waiting, or still queued. Without JOB the chain of the
            request is stopped, too: none of its jobs starts any more.

            Examples:
              jobrunner stop cq2f6v8k3m1p0a4b5c6d
              jobrunner stop cq2f6v8k3m1p0a4b5c6d aaaa --timeout 2m
              jobrunner stop cq2f6v8k3m1p0a4b5c6d --json | jq -r '.replies[].outcome'

            Exit codes: 0 if stopped or not held by any worker, 1 if a job has not stopped within the timeout

            """,
        ["ps"] = """
            Examples:
              jobrunner ps
              jobrunner ps cq2f6v8k3m1p0a4b5c6d --watch
              jobrunner ps --json | jq -r '.[].jobId'
              jobrunner ps --watch --json | jq '{at, running: [.runners[] | select(.state == 2)] | length}'

            """,
        ["chains"] = """
            Examples:
              jobrunner chains
              jobrunner chains --watch
              jobrunner chains --json | jq -r '.[] | select(.state == 4) | .requestId'
              jobrunner chains show cq2f6v8k3m1p0a4b5c6d

            """,
        ["chains show"] = """
            Each job stands below those it follows. NOW tells what a worker runs of it, and on which try.

            Examples:
              jobrunner chains show cq2f6v8k3m1p0a4b5c6d
              jobrunner chains show cq2f6v8k3m1p0a4b5c6d --json | jq -r '.jobs[] | select(.state == 4) | .id'

            Exit codes: 0 if the chain is known, 1 if not

            """,
        ["status"] = """
            Examples:
              jobrunner status
              jobrunner status --json | jq -r '.problems[]'

            Exit codes: 0 if all is well; 1 if something needs a person: no worker, a missing queue, an alarm, messages in an error queue

            """,
        ["dashboard"] = """
            The page can be seen from this machine only; from elsewhere by a tunnel, such as ssh -L 8090:127.0.0.1:8090 HOST,
            or with --listen and a token that everybody logs in by. It is read-only unless --allow-actions is given. The broker's
            user must be permitted what "operator" is in infra/rabbitmq/definitions.json; for the error queues more: see
            docs/dashboard.md.

            Examples:
              jobrunner dashboard --broker amqp://guest:guest@localhost:5672/
              jobrunner dashboard --port 9000
              jobrunner dashboard --allow-actions
              jobrunner dashboard --listen 0.0.0.0 --token-file token --certificate server.pem --key server-key.pem

            Exit codes: 130 if ended by Ctrl-C, 143 by SIGTERM; 1 if the port cannot be opened; 2 if no broker is named, or an option is wrong

            """,
        ["logs"] = """
            Examples:
              jobrunner logs cq2f6v8k3m1p0a4b5c6d
              jobrunner logs cq2f6v8k3m1p0a4b5c6d aaaa --full
              jobrunner logs cq2f6v8k3m1p0a4b5c6d --follow
              jobrunner logs cq2f6v8k3m1p0a4b5c6d --last --state FAIL --json | jq -r '.[].error'

            Without a Request Manager each machine has only the logs that its own worker delivered. Where a broker is named (--broker, or
            JobRunner__RabbitMq__Uri) its journal is read as well: it has the logs of all machines, for as long as it is kept.

            Exit codes: 0 if there are logs, 1 if there are none, 130 if followed until Ctrl-C

            """,
        ["topology"] = """
            What is printed is what workers declare, by the same code. Of the settings,
            Roles, StopRetention, JournalRetention, KnownWaits, Lease, RedeliverAfter and the
            Request Manager's address count.

            Examples:
              jobrunner topology
              jobrunner topology --json --vhost jobs > definitions.json

            """,
        ["completion"] = """
            Examples:
              source <(jobrunner completion bash)
              jobrunner completion zsh > ~/.zfunc/_jobrunner
              jobrunner completion fish > ~/.config/fish/completions/jobrunner.fish

            """,
        ["errors"] = """
            run-job_error holds commands that workers refused, job-log-recorded_error logs that could not be delivered.
            Reading them removes nothing.

            Examples:
              jobrunner errors list --reason "Error 1406" --newer-than 24h
              jobrunner errors show --request cq2f6v8k3m1p0a4b5c6d
              jobrunner errors retry --queue job-log-recorded --all --yes
              jobrunner errors discard --request cq2f6v8k3m1p0a4b5c6d --job aaaa --yes

            """,
        ["list"] = """
            Examples:
              jobrunner errors list
              jobrunner errors list --queue job-log-recorded --older-than 1h
              jobrunner errors list --json | jq -r '.[].reason' | sort | uniq -c

            """,
        ["show"] = """
            Examples:
              jobrunner errors show --request cq2f6v8k3m1p0a4b5c6d --job aaaa
              jobrunner errors show --queue run-job --reason "is not the JSON" --json | jq -r '.[].body'

            Exit codes: 0 if there are messages, 1 if there are none

            """,
        ["retry"] = """
            Without --yes it only tells what it would do. A log that was delivered meanwhile is dropped. A command runs as a
            resume sent now: its log numbers go on, stops sent before do not apply, and its scheduler gets another JobFinished.

            Examples:
              jobrunner errors retry --all
              jobrunner errors retry --queue job-log-recorded --all --yes
              jobrunner errors retry --request cq2f6v8k3m1p0a4b5c6d --yes

            Exit codes: 0 if all that was meant was sent back or dropped, 1 if something stays

            """,
        ["discard"] = """
            Without --yes it only tells what it would do.

            Examples:
              jobrunner errors discard --queue run-job --reason "is not the JSON of a RunJob"
              jobrunner errors discard --older-than 720h --yes

            """,
        ["move"] = """
            For a broker that cannot be upgraded in place, or another machine. The workers of the first broker must have ended; those of the
            other may run. Runs and their waits, logs that were not delivered, error queues, stops and the journal go over; a message leaves
            its queue once the other broker has it. The streams job-journal and stop-job are copied.

            Examples:
              jobrunner move --broker amqp://guest:guest@old:5672/ --to amqp://guest:guest@new:5672/ --dry-run
              jobrunner move --broker amqp://guest:guest@old:5672/ --to amqp://guest:guest@new:5672/ --queue scheduler.results

            Exit codes: 0 if all was moved; 1 if not: what is left is where it was; 130 if stopped by Ctrl-C

            """,
        ["replay"] = """
            The logs go to the queue job-log-recorded, from where workers deliver them. Those that the Request Manager has
            already stay as they are, so a replay can be repeated.

            Examples:
              jobrunner replay --since 24h
              jobrunner replay --since 2026-01-02T12:00:00Z --until 2026-01-02T18:00:00Z --dry-run
              jobrunner replay --since 168h --request cq2f6v8k3m1p0a4b5c6d

            """,
    };

    /// <summary>Puts examples under the help of every command.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            option.Action = new HelpWithExamples((HelpAction)option.Action!);
        }
    }

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var command = parseResult.CommandResult.Command;
        var parent = parseResult.CommandResult.Parent is CommandResult { Command: not RootCommand } above ? $"{above.Command.Name} {command.Name}" : command.Name;
        if (Endings.TryGetValue(command is RootCommand ? "" : parent, out var ending) || Endings.TryGetValue(command.Name, out ending))
        {
            parseResult.InvocationConfiguration.Output.Write(ending);
        }

        return code;
    }
}
