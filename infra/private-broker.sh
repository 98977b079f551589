#!/usr/bin/env bash
# Runs a command with a private RabbitMQ node on loopback, its address in the variable BROKER, and ends the node with it:
#   infra/private-broker.sh COMMAND…
# RABBITMQ_BIN is the folder of its programs, if not the installed ones. With BROKER_PLUGINS=rabbitmq_management the address of its UI is in MANAGEMENT.
set -euo pipefail

server=${RABBITMQ_BIN:-/usr/lib/rabbitmq/bin}/rabbitmq-server
[ -x "$server" ] || { echo "$server is missing: apt-get install rabbitmq-server" >&2; exit 1; }

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

folder=$(mktemp -d)
port=$(free_port)
epmd=$(free_port)
management=$(free_port)
node=0
clean_up() {
    [ "$node" = 0 ] || { kill -KILL -- "-$node" 2>/dev/null || true; wait "$node" 2>/dev/null || true; }
    epmd -port "$epmd" -kill >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap clean_up EXIT

printf 'listeners.tcp.default = 127.0.0.1:%s\nlog.console = false\ndisk_free_limit.absolute = 100MB\n' "$port" >"$folder/rabbitmq.conf"
echo "[${BROKER_PLUGINS:-}]." >"$folder/plugins"
case ${BROKER_PLUGINS:-} in
    *rabbitmq_management*)
        printf 'management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = %s\n' "$management" >>"$folder/rabbitmq.conf"
        export MANAGEMENT="http://127.0.0.1:$management"
        ;;
esac
# A group of its own: it is killed whole, and nothing else with it.
setsid env HOME="$folder" RABBITMQ_NODENAME="private$$@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_DIST_PORT="$(free_port)" RABBITMQ_MNESIA_BASE="$folder/data" RABBITMQ_LOG_BASE="$folder/log" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$folder/plugins" RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
    ERL_EPMD_PORT="$epmd" ERL_EPMD_ADDRESS=127.0.0.1 \
    "$server" >"$folder/out" 2>&1 &
node=$!

answers() {
    [ "$(exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$port" && printf 'AMQP\0\0\11\1' >&3 && timeout 1 head -c 1 <&3 | od -An -tx1)" ]
} 2>/dev/null

# It takes connections before it is ready for them; ready is who says AMQP.
for _ in $(seq 120); do
    kill -0 "$node" 2>/dev/null || { cat "$folder/out" "$folder"/log/*.log >&2; exit 1; }
    ! answers || break
    sleep 0.5
done

BROKER="amqp://guest:guest@127.0.0.1:$port/%2F" "$@"
