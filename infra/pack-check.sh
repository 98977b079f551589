#!/usr/bin/env bash
# Packs all packages, makes a job from the template in an empty folder, tests it, and has it run by a worker on a private
# broker; all of it with nothing but those packages. Give a folder to keep the packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${BROKER:-}" ]; then
    exec infra/private-broker.sh "$0" "$@"
fi

work=$(mktemp -d)
packages=${1:-$work/packages}
worker=
trap '[ -z "$worker" ] || kill "$worker" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$packages"

# What it does now, so that whoever watches knows: a step may take a minute.
step() { echo "== $*"; }

step "packing all packages into $packages"
for project in src/*/*.csproj templates/*.csproj; do
    dotnet pack "$project" -c Release -o "$packages" --nologo -v quiet -p:ContinuousIntegrationBuild=true
done
ls "$packages"

step "installing the template from there, and making a job of it in an empty folder that knows no other source"
# Packages of other runs and the user's templates and tools stay as they are.
export NUGET_FALLBACK_PACKAGES=${NUGET_PACKAGES:-$HOME/.nuget/packages} NUGET_PACKAGES=$work/nuget
version=$(basename "$packages"/JobRunner.Bus.Contracts.*.nupkg .nupkg | sed 's/^JobRunner.Bus.Contracts.//')
mkdir "$work/empty"
cd "$work/empty"
cat >NuGet.config <<CONFIG
<configuration><packageSources><add key="packed" value="$packages" /></packageSources></configuration>
CONFIG
hive=(--debug:custom-hive "$work/hive")
dotnet new install "$packages/JobRunner.Bus.Templates.$version.nupkg" "${hive[@]}"
dotnet new jobrunner-job --name CountLines "${hive[@]}"
cd CountLines
grep -q '"count-lines"' CountLines/Program.cs
step "testing the job: dotnet run --project CountLines.Tests"
dotnet run --project CountLines.Tests

step "installing the program jobrunner from the packages"
dotnet tool install JobRunner.Bus.Cli --version "$version" --add-source "$packages" --tool-path "$work/tools"
step "running the job's worker on a broker: dotnet run --project CountLines"
dotnet build CountLines --nologo -v quiet
JobRunner__Transport=RabbitMq JobRunner__RabbitMq__Uri="$BROKER" JobRunner__JobLogStore__Path="$work/logs.db" \
    dotnet CountLines/bin/Debug/net10.0/CountLines.dll >"$work/worker.log" 2>&1 &
worker=$!
for _ in $(seq 300); do
    ! grep -q 'takes work' "$work/worker.log" || break
    kill -0 "$worker" || { cat "$work/worker.log"; exit 1; }
    sleep 0.1
done

step "sending it a job with a typed payload: jobrunner submit --wait job.json"
echo '{"job": {"id": "cnt1", "type": "count-lines", "bytes": {"path": "README.md"}}}' >job.json
# The path is the worker's, which was started here.
"$work/tools/jobrunner" submit --wait job.json --broker "$BROKER" | tee "$work/result"
grep -q COMPLETE "$work/result"

step "sending it one whose payload does not fit"
echo '{"job": {"id": "cnt2", "type": "count-lines", "bytes": {"file": "README.md"}}}' >wrong.json
! "$work/tools/jobrunner" submit --wait --json wrong.json --broker "$BROKER" >"$work/result" 2>&1
grep 'is missing; it must be text' "$work/result"
echo "A job from the template ran on a worker made of packages alone."
