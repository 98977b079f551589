#!/usr/bin/env bash
# Builds the last version's worker, of the chaos tests, from this repository's own history into a folder of the cache, once, and
# prints the folder. RollingDeployTests has workers of both versions share a virtual host.
#
# It needs a clone with the history: a shallow one has no such commit, and the script says so and ends with 1.
# JOBRUNNER_CACHE names another folder for the cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Moved on by whoever makes a release.
version=c1c10fbf9e28845094e8cda7ab66197bb2c02c48
cache=${JOBRUNNER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jobrunner}
built=$cache/version-${version:0:12}

mkdir -p "$cache"
exec 9>"$cache/version.lock"
flock 9
if [ ! -f "$built/JobRunner.Bus.ChaosWorker.dll" ]; then
    git cat-file -e "$version^{commit}" 2>/dev/null || {
        echo "last-version.sh: commit $version is not in this clone, which is shallow: git fetch --unshallow" >&2
        exit 1
    }
    source=$(mktemp -d)
    trap 'rm -rf "$source"' EXIT
    git archive "$version" | tar -x -C "$source"
    rm -rf "$built" "$built.part"
    (cd "$source" && dotnet publish tests/JobRunner.Bus.ChaosWorker -c Release -o "$built.part" --nologo -v quiet \
        -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false) >"$cache/version.log" 2>&1 9>&- || { tail -n 20 "$cache/version.log" >&2; exit 1; }
    mv "$built.part" "$built"
fi
echo "$built"
