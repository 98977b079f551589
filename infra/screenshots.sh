#!/usr/bin/env bash
# Takes the pictures in docs/images, of RabbitMQ 4's management UI and of the dashboard: three workers under load on a private broker, with the users
# of infra/rabbitmq/definitions.json. Needs chromium, curl and python3-pika, and what infra/rabbitmq4.sh needs; two minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${MANAGEMENT:-}" ]; then
    command -v chromium >/dev/null || { echo "chromium is missing: apt-get install chromium" >&2; exit 1; }
    RABBITMQ_BIN=$(infra/rabbitmq4.sh)
    export RABBITMQ_BIN
    BROKER_PLUGINS=rabbitmq_management exec infra/private-broker.sh "$0"
fi

work=$(mktemp -d)
children=()
clean_up() {
    [ ${#children[@]} -eq 0 ] || kill -TERM "${children[@]}" 2>/dev/null || true
    wait "${children[@]}" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

api() { curl -sS --fail -u guest:guest -H 'Content-Type: application/json' "$@" >/dev/null; }
until api "$MANAGEMENT/api/overview" 2>/dev/null; do sleep 1; done
api -X POST --data @infra/rabbitmq/definitions.json "$MANAGEMENT/api/definitions"
for user in worker scheduler; do
    api -X PUT --data '{"password": "picture", "tags": ""}' "$MANAGEMENT/api/users/$user"
done
address=${BROKER#*@}
address=${address%%/*}

dotnet publish src/JobRunner.Bus.Cli -c Release -o "$work/jobrunner" --nologo -v quiet
for _ in 1 2 3; do
    JobRunner__Transport=RabbitMq JobRunner__RabbitMq__Uri="amqp://worker:picture@$address/jobrunner" JobRunner__Jobs__Shell__Enabled=true \
        JobRunner__JobLogStore__Path="$work/logs.db" dotnet "$work/jobrunner/jobrunner.dll" worker >"$work/worker.log" 2>&1 &
    children+=($!)
done
until curl -sS -u guest:guest "$MANAGEMENT/api/consumers/jobrunner" | grep -o '"name":"run-job"' | wc -l | grep -qx 3; do sleep 1; done

/usr/bin/python3 - "amqp://scheduler:picture@$address/jobrunner" <<'PYTHON' &
import base64, itertools, json, sys, pika

parameters = pika.URLParameters(sys.argv[1])
parameters.client_properties = {"connection_name": "nightly scheduler"}
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.queue_declare("scheduler.nightly", durable=True, arguments={"x-queue-type": "quorum"})
channel.queue_bind("scheduler.nightly", "job-finished")
channel.basic_consume("scheduler.nightly", lambda *_: None, auto_ack=True)


def send(request, job, **fields):
    body = {"requestId": request, "job": {"id": job, **fields}}
    channel.basic_publish("run-job", "", json.dumps(body), pika.BasicProperties(content_type="application/json", delivery_mode=2))


def data(**fields):
    return base64.b64encode(json.dumps(fields).encode()).decode()


send("picture", "bad0", type="noop", retry=-1)
for number in itertools.count():
    request = f"picture{number:013d}"
    send(request, "naps", type="sleep", bytes=data(duration=(number % 5) * 400_000_000))
    if number % 10 == 0:
        send(request, "fail", type="shell-command", bytes=data(cmd="/bin/false"), retry=3, retryWait=["30s", "2m", "10m"][number // 10 % 3])
    connection.process_data_events(0.05)
PYTHON
children+=($!)
# The UI's rates need a while.
sleep 30

# A browser that starts anew has neither a login nor sections that are folded out. So a page of the same origin writes both
# where the UI looks for them, and goes on to the view; all else is the UI's own, passed on.
cat >"$work/ui.py" <<'PYTHON'
import http.server, sys, urllib.error, urllib.request

START = """<!DOCTYPE html>
<script>
    // As rabbitmq_management's prefs.js of 4.0 names and writes a login.
    localStorage["rabbitmq.credentials"] = btoa("guest:guest");
    localStorage["rabbitmq.auth-scheme"] = "Basic";
    let key = 0;
    for (const character of "loggedIn") key = (31 * key + character.charCodeAt(0)) | 0;
    document.cookie = `m=${Math.abs(key << 16 >> 16).toString(16)}:true; path=/`;
    for (const section of ["exchange|Bindings", "queue|Consumers (3) "]) localStorage[`rabbitmq.visible|${section}`] = "t";
    location.replace("/#/" + decodeURIComponent(location.search.slice(1)));
</script>
"""


class Ui(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/start?"):
            status, headers, body = 200, {"Content-Type": "text/html"}, START.encode()
        else:
            asked = urllib.request.Request(sys.argv[1] + self.path, headers={
                name: self.headers[name] for name in ("Authorization", "Accept") if name in self.headers})
            try:
                with urllib.request.urlopen(asked) as answer:
                    status, headers, body = answer.status, {"Content-Type": answer.headers["Content-Type"]}, answer.read()
            except urllib.error.HTTPError as refusal:
                status, headers, body = refusal.code, {}, refusal.read()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value or "")
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ui)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
/usr/bin/python3 "$work/ui.py" "$MANAGEMENT" >"$work/ui.port" 2>"$work/ui.log" &
children+=($!)
until [ -s "$work/ui.port" ]; do sleep 0.2; done
ui=http://127.0.0.1:$(cat "$work/ui.port")

picture() {
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/chromium" --window-size="1360,$3" \
        --virtual-time-budget=12000 --screenshot="$1" "$ui/start?$2" >"$work/chromium.log" 2>&1
}
picture docs/images/queues.png queues 1000
picture docs/images/connections.png connections 860
picture docs/images/exchange-job-log-recorded.png exchanges/jobrunner/job-log-recorded 900
picture docs/images/queue-run-job.png queues/jobrunner/run-job 1150

DASHBOARD_PICTURES="$PWD/docs/images" dotnet run -c Release --project tests/JobRunner.Bus.Dashboard.Tests -- --filter-class '*PicturesTests'
ls -l docs/images
