#!/usr/bin/env bash
# Runs all tests, on a private RabbitMQ that the tests start on loopback and end themselves.
# Installs RabbitMQ by apt where there is none. Arguments go to every test program (for instance: --filter-class '*Stop*').
# With RABBITMQ=4 in the environment only those tests that need a broker are run, on the RabbitMQ 4 that infra/rabbitmq4.sh brings;
# with PROJECTS="BrokerTests ChaosTests" only those.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

install_by_apt() {
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo"
    echo "Installing $*"
    $sudo apt-get update -qq
    # The packaged service is not wanted: tests start nodes of their own.
    $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

missing=()
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
command -v amqp-publish >/dev/null || missing+=(amqp-tools)
/usr/bin/python3 -c 'import pika' 2>/dev/null || missing+=(python3-pika)
[ -x /usr/bin/prometheus ] || missing+=(prometheus)
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
[ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server)
[ -x /usr/bin/chromium ] || missing+=(chromium)
[ ${#missing[@]} -eq 0 ] || install_by_apt "${missing[@]}"

projects=${PROJECTS:-}
case ${RABBITMQ:-3} in
    3) ;;
    4)
        RABBITMQ_BIN=$(infra/rabbitmq4.sh)
        export RABBITMQ_BIN
        projects=${projects:-BrokerTests Client.Tests ChaosTests} ;;
    *) echo "test.sh: RABBITMQ is \"$RABBITMQ\"; it must be 3 or 4" >&2; exit 2 ;;
esac

dotnet build JobRunner.Bus.sln -c Release --nologo -v quiet

passed=0 failed=0
# What failed, told again at the end: whoever reads only the last lines must find it.
failures=$(mktemp)
for project in tests/*Tests; do
    # Named without JobRunner.Bus.
    [ -z "$projects" ] || [[ " $projects " == *" ${project#tests/JobRunner.Bus.} "* ]] || continue
    echo "== $(basename "$project")"
    output=$(mktemp)
    # One project at a time: broker tests start processes of their own, and machines are small.
    exit=0
    dotnet run --no-build -c Release --project "$project" -- "$@" >"$output" 2>&1 || exit=$?
    sed -i 's/\x1b\[[0-9;]*m//g' "$output"
    cat "$output"
    awk '/^failed /{told = 1; left = 40} /^(\[|running|Test run summary)/{told = 0} told && left-- > 0' "$output" >>"$failures"
    count() { sed -n "s/^ *$1: *\([0-9]*\)\$/\1/p" "$output" | tail -n 1; }
    ok=$(count succeeded) bad=$(count failed) skipped=$(count skipped)
    rm -f "$output"
    # With a filter, a program may have no test to run.
    [ "$#" -eq 0 ] || [ "$exit" -ne 8 ] || exit=0
    # A skipped test is not a passed one, and a program that ended badly without a count has failed.
    bad=$((${bad:-0} + ${skipped:-0}))
    [ "$exit" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    passed=$((passed + ${ok:-0}))
    failed=$((failed + bad))
done

cat "$failures"
rm -f "$failures"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
