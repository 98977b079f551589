#!/usr/bin/env bash
# Brings RabbitMQ 4 beside the RabbitMQ that is installed: Debian 13's package, in a folder of the cache, once. Prints the folder
# of its programs, which tests take from the variable RABBITMQ_BIN:
#   RABBITMQ_BIN=$(infra/rabbitmq4.sh) dotnet run -c Release --project tests/JobRunner.Bus.BrokerTests
# (RABBITMQ=4 infra/test.sh does that.) Needs Debian or Ubuntu and root, or sudo; some 2 minutes and 400 MB.
# JOBRUNNER_CACHE names another folder for the cache.
set -euo pipefail

cache=${JOBRUNNER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jobrunner}
root=$cache/rabbitmq4
bin=$cache/rabbitmq4-bin

mkdir -p "$cache"
# Two runs at the same time would build one folder.
exec 9>"$cache/rabbitmq4.lock"
flock 9

sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"

if [ ! -x "$root/usr/lib/rabbitmq/bin/rabbitmq-server" ]; then
    if ! command -v debootstrap >/dev/null; then
        $sudo apt-get update -qq >&2
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >&2
    fi
    echo "Bringing RabbitMQ 4 into $root" >&2
    $sudo rm -rf "$root" "$root.part"
    $sudo debootstrap --variant=minbase --include=rabbitmq-server,ca-certificates trixie "$root.part" >"$cache/rabbitmq4.log" 2>&1 \
        || { tail -n 20 "$cache/rabbitmq4.log" "$root.part/debootstrap/debootstrap.log" >&2; exit 1; }
    echo "127.0.0.1 localhost" | $sudo tee "$root.part/etc/hosts" >/dev/null
    # Only a whole one has the name.
    $sudo mv "$root.part" "$root"
fi

# Its programs run in a mount namespace of their own, so that nothing stays mounted; the temporary folder is the caller's, since
# a node's data lies there.
mkdir -p "$bin"
for program in rabbitmq-server rabbitmqctl rabbitmq-upgrade rabbitmq-queues rabbitmq-diagnostics rabbitmq-plugins; do
    cat >"$bin/$program.new" <<WRAPPER
#!/bin/sh
exec $sudo unshare --mount sh -euc '
    root=\$1 temporary=\$2 program=\$3
    shift 3
    mkdir -p "\$root\$temporary"
    mount --bind "\$temporary" "\$root\$temporary"
    mount --bind /proc "\$root/proc"
    mount --rbind /dev "\$root/dev"
    exec chroot "\$root" "\$program" "\$@"' sh "$root" "\${TMPDIR:-/tmp}" /usr/lib/rabbitmq/bin/$program "\$@"
WRAPPER
    chmod +x "$bin/$program.new"
    mv "$bin/$program.new" "$bin/$program"
done
echo "$bin"
