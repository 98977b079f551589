#!/usr/bin/env bash
# Runs the Go scheduler of the examples with one worker on a private broker. Needs Go and its AMQP package (81 MB, too much
# for CI): apt-get install golang-go golang-github-rabbitmq-amqp091-go-dev
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${BROKER:-}" ]; then
    exec infra/private-broker.sh "$0"
fi

program=$(mktemp -d)
trap 'rm -rf "$program"; [ -z "${worker:-}" ] || kill "$worker" 2>/dev/null || true' EXIT
GO111MODULE=off GOPATH="${GOPATH:-/usr/share/gocode}" go vet examples/scheduler-go/main.go
GO111MODULE=off GOPATH="${GOPATH:-/usr/share/gocode}" go build -o "$program/scheduler" examples/scheduler-go/main.go

dotnet build src/JobRunner.Bus.Cli -c Release --nologo -v quiet
JobRunner__JobLogStore__Path="$program/logs.db" dotnet run --no-build -c Release --project src/JobRunner.Bus.Cli -- \
    worker --broker "$BROKER" >"$program/worker.log" 2>&1 &
worker=$!
for _ in $(seq 300); do
    ! grep -q 'takes work' "$program/worker.log" || break
    kill -0 "$worker" || { cat "$program/worker.log"; exit 1; }
    sleep 0.1
done
"$program/scheduler" "$BROKER"
