#!/usr/bin/python3
"""Sends one job to the workers of a RabbitMQ broker and waits for its end.

Debian: apt-get install python3-pika. Run with /usr/bin/python3 examples/scheduler.py [AMQP-URI]
"""
import base64
import datetime
import json
import secrets
import sys

import pika

COMPLETE = 3

uri = sys.argv[1] if len(sys.argv) > 1 else "amqp://guest:guest@localhost:5672/%2F"
connection = pika.BlockingConnection(pika.URLParameters(uri))
channel = connection.channel()

# With confirms a publish returns only once the broker has the message.
channel.confirm_delivery()

# Bound before the command is sent: job-finished keeps nothing for a queue that is bound later. The queue goes with
# the connection; a scheduler that must miss nothing declares a durable one with a name.
results = channel.queue_declare("", exclusive=True).method.queue
channel.queue_bind(results, "job-finished")

# The Request Manager's table holds request ids of 20 bytes and job ids of 4. An id is never used for two requests.
request_id = secrets.token_hex(10)
command = {
    "requestId": request_id,
    "job": {
        "id": "gree",
        "name": "greet",
        "type": "shell-command",
        # A job's bytes are base64, whatever its author put into them: here JSON.
        "bytes": base64.b64encode(json.dumps({"cmd": "/bin/echo", "args": ["hello", "from Python"]}).encode()).decode(),
        "retry": 2,
        "retryWait": "5s",
    },
    "jobData": {"asked-by": "scheduler.py"},
    # A stop applies to commands sent before it. A command that does not say when it was sent is stopped by any stop of
    # its job, even one from before: a resume needs this field.
    "sentAt": datetime.datetime.now(datetime.timezone.utc).isoformat(),
}
channel.basic_publish(
    exchange="run-job",
    routing_key="",
    body=json.dumps(command),
    properties=pika.BasicProperties(content_type="application/json", delivery_mode=2),
    # Without a queue behind the exchange the publish fails instead of vanishing.
    mandatory=True,
)
print(f"sent job gree of request {request_id}")

for method, _, body in channel.consume(results, auto_ack=True):
    finished = json.loads(body)

    # Everyone's results come here.
    if finished["requestId"] == request_id:
        break

print(json.dumps(finished, indent=2))
connection.close()
sys.exit(0 if finished["finalState"] == COMPLETE else 1)
