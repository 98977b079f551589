#!/usr/bin/env bash
# Runs all tests, on a private RabbitMQ that the tests start on loopback and end themselves.
# Installs RabbitMQ by apt where there is none. Arguments go to every test program (for instance: --filter-class '*Stop*').
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
[ ${#missing[@]} -eq 0 ] || install_by_apt "${missing[@]}"

dotnet build JobRunner.Bus.sln -c Release --nologo -v quiet

passed=0 failed=0
for project in tests/*Tests; do
    echo "== $(basename "$project")"
    output=$(mktemp)
    # One project at a time: broker tests measure time, and machines are small.
    dotnet run --no-build -c Release --project "$project" -- "$@" 2>&1 | tee "$output" || true
    # The count is what the program said; a program that said none has failed.
    ok=$(sed -n 's/^ *succeeded: *//p' "$output" | tail -n 1)
    bad=$(sed -n 's/^ *failed: *//p' "$output" | tail -n 1)
    skipped=$(sed -n 's/^ *skipped: *//p' "$output" | tail -n 1)
    rm -f "$output"
    passed=$((passed + ${ok:-0}))
    failed=$((failed + ${bad:-1} + ${skipped:-0}))
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
