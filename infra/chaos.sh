#!/usr/bin/env bash
# Breaks workers, broker and Request Manager at random under load, for as long as you like, and checks what came of it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all_faults=kill-worker,drain-worker,pause-worker,cut-connection,swallow-link,stall-link,kill-broker,restart-broker,lose-queue,delete-queue,skew-clock,request-manager-down,request-manager-slow,request-manager-errors

usage() {
    cat <<EOF
usage: infra/chaos.sh [--minutes N] [--seed N] [--workers N] [--faults KIND,KIND…] [--history FILE]

Starts a private RabbitMQ (with RABBITMQ_BIN=\$(infra/rabbitmq4.sh) RabbitMQ 4), workers and a Request Manager on loopback, sends jobs, breaks things, and checks the history.

  --minutes N      how long things are broken, 0.1 to 1440; default 5. What is open then gets 2 minutes more
  --seed N         0 to 2147483647; decides the jobs, and what is broken in which order. Default: a random one, printed
  --workers N      worker processes, 1 to 20; default 3
  --faults KINDS   what may be broken, with commas between; default all:
                   ${all_faults//,/ }
  --history FILE   where the history goes, a JSON line per event; default: the temporary folder
  --help           this

Exit codes: 0 no violation, 1 violations or the run itself failed, 2 wrong arguments.
EOF
}

wrong() {
    echo "chaos.sh: $1" >&2
    echo "See: infra/chaos.sh --help" >&2
    exit 2
}

minutes=5 seed="" workers=3 faults=$all_faults history=""
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --minutes | --seed | --workers | --faults | --history)
            [ $# -ge 2 ] && [ -n "$2" ] || wrong "$1 needs a value"
            declare "${1#--}=$2"
            shift 2 ;;
        *) wrong "\"$1\" is no option" ;;
    esac
done

[[ $minutes =~ ^[0-9]{1,4}(\.[0-9]+)?$ ]] && awk "BEGIN { exit !($minutes >= 0.1 && $minutes <= 1440) }" \
    || wrong "--minutes is \"$minutes\"; it must be a number from 0.1 to 1440"
[ -n "$seed" ] || seed=$((RANDOM * 32768 + RANDOM))
[[ $seed =~ ^[0-9]{1,10}$ ]] && [ "$((10#$seed))" -le 2147483647 ] || wrong "--seed is \"$seed\"; it must be a whole number from 0 to 2147483647"
[[ $workers =~ ^[0-9]{1,2}$ ]] && [ "$((10#$workers))" -ge 1 ] && [ "$((10#$workers))" -le 20 ] \
    || wrong "--workers is \"$workers\"; it must be a whole number from 1 to 20"
[[ $faults =~ ^[a-z-]+(,[a-z-]+)*$ ]] || wrong "--faults is \"$faults\"; it must be kinds of faults with commas between"
IFS=, read -ra kinds <<<"$faults"
for kind in "${kinds[@]}"; do
    [[ ,$all_faults, == *,"$kind",* ]] || wrong "--faults: \"$kind\" is no kind of fault; there are ${all_faults//,/, }"
done
history=${history:-${TMPDIR:-/tmp}/jobrunner-chaos-$seed.jsonl}
[ -d "$(dirname "$history")" ] || wrong "--history: there is no folder $(dirname "$history")"
history=$(cd "$(dirname "$history")" && pwd)/$(basename "$history")
[ -x "${RABBITMQ_BIN:-/usr/lib/rabbitmq/bin}/rabbitmq-server" ] || wrong "RabbitMQ is not installed: apt-get install rabbitmq-server (it need not run), or run infra/test.sh once"

project=tests/JobRunner.Bus.ChaosTests
dotnet build "$project" -c Release --nologo -v quiet
echo "seed $seed, $minutes min, $workers workers, faults: $faults"
echo "history: $history"

progress=$(mktemp) output=$(mktemp)
run=""
# Broken off, it takes its workers and its broker with it: they are of its process group.
trap '[ -z "$run" ] || kill -9 -- "-$run" 2>/dev/null || true; rm -f "$progress" "$output"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export CHAOS_SEED=$((10#$seed)) CHAOS_WORKERS=$((10#$workers)) CHAOS_FAULTS=$faults CHAOS_HISTORY=$history CHAOS_PROGRESS=$progress
CHAOS_SECONDS=$(awk "BEGIN { print $minutes * 60 }")
export CHAOS_SECONDS
setsid dotnet run --no-build -c Release --project "$project" -- --filter-method '*Whatever_is_broken*' >"$output" 2>&1 &
run=$!
tail -n +1 -f --pid=$run "$progress" &
wait $!
exit=0
wait $run || exit=$?
if [ "$exit" -eq 0 ]; then
    echo "No violations. To send the same jobs and break the same things again: infra/chaos.sh --seed $seed --minutes $minutes --workers $workers --faults $faults"
    exit 0
fi

if grep -q '^violations [1-9]' "$progress"; then
    echo "VIOLATIONS. To try again: infra/chaos.sh --seed $seed --minutes $minutes --workers $workers --faults $faults"
    echo "history: $history; what the workers wrote: $history.workers/"
else
    sed 's/\x1b\[[0-9;]*m//g' "$output"
    echo "The run itself failed; seed $seed"
fi
exit 1
