#!/usr/bin/python3
"""A scheduler over plain AMQP: sends jobs to the workers of a RabbitMQ broker, stops, resumes, and waits for results.

Debian: apt-get install python3-pika. Run with /usr/bin/python3 examples/scheduler.py [AMQP-URI]
It needs a worker with the setting JobRunner__Jobs__Shell__Enabled=true.
"""
import base64
import datetime
import json
import secrets
import sys
import time

import pika
import pika.exceptions

COMPLETE, STOPPED = 3, 6


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


class Scheduler:
    """One connection at a time, found again when it is lost; for one thread, as pika is."""

    def __init__(self, uri, result_queue, patience=60):
        self._uri, self._queue, self._patience = uri, result_queue, patience
        self._finished = {}
        self._connect()

    def _connect(self):
        deadline = time.monotonic() + self._patience
        while True:
            try:
                self._connection = pika.BlockingConnection(pika.URLParameters(self._uri))
                self._channel = self._connection.channel()

                # With confirms a publish returns only once the broker has the message.
                self._channel.confirm_delivery()

                # Bound before any command is sent: job-finished keeps nothing for a queue that is bound later. A queue with a name
                # keeps results while the scheduler is away; one without would go with the connection.
                arguments = {"x-queue-type": "quorum", "x-delivery-limit": 1000000}
                self._channel.queue_declare(self._queue, durable=True, arguments=arguments)
                self._channel.queue_bind(self._queue, "job-finished")
                return
            except pika.exceptions.AMQPError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _again(self, work):
        """Does it, and once more on a new connection when the one it has is lost. All that is done here may be done twice: a command
        that arrives again joins its run, a stop again changes nothing, a result again is the same."""
        while True:
            try:
                return work()
            except pika.exceptions.AMQPError:
                # A channel that is closed while its connection lives was refused something: that is no loss.
                if self._connection.is_open:
                    raise
                self._connect()

    def submit(self, job, request_id=None, resume=None, timeout=None):
        """Sends a job; returns the id of its request. To resume one, give the JobFinished of its last run."""
        # The Request Manager's table holds request ids of 20 bytes and job ids of 4. An id is never used for two requests.
        request_id = request_id or secrets.token_hex(10)
        resume = resume or {}
        command = {
            "requestId": request_id,
            "job": job,
            "jobData": resume.get("jobData", {}),
            "prevTries": resume.get("prevTries", 0),
            "totalTries": resume.get("totalTries", 0),
            # A stop applies to commands sent before it. A command that does not say when it was sent is stopped by any
            # stop of its job, even one from before: a resume needs this field.
            "sentAt": now(),
        }
        if timeout:
            command["timeout"] = timeout
        self._again(lambda: self._publish("run-job", command))
        return request_id

    def wait(self, request_id, job_id, seconds=60):
        """The JobFinished of a job."""
        deadline = time.monotonic() + seconds
        while (request_id, job_id) not in self._finished:
            if not self._again(self._take_result):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"job {job_id} of {request_id} has not finished in {seconds} s")
                self._again(lambda: self._connection.sleep(0.05))
        return self._finished.pop((request_id, job_id))

    def _take_result(self):
        method, _, body = self._channel.basic_get(self._queue)
        if method is None:
            return False

        # Everyone's results come here; a scheduler that stores them does so before it acknowledges.
        finished = json.loads(body)
        self._finished[finished["requestId"], finished["jobId"]] = finished
        self._channel.basic_ack(method.delivery_tag)
        return True

    def stop(self, request_id, job_id=None, seconds=30):
        """Stops a job, or all jobs of a request; returns the first answer, None if no worker holds one."""
        command = {"requestId": request_id, "sentAt": now()}
        if job_id:
            command["jobId"] = job_id
        return self._again(lambda: next(self._ask("stop-job", command, seconds), None))

    def status(self, request_id=None, seconds=0.5):
        """What every worker holds; answers that take longer are missed."""
        return self._again(lambda: list(self._ask("get-runner-status", {"requestId": request_id}, seconds)))

    def close(self):
        """Removes the queue, too: nobody would read on in it. A scheduler that comes back leaves it."""
        self._again(lambda: self._channel.queue_delete(self._queue))
        self._connection.close()

    def _ask(self, exchange, question, seconds):
        replies = self._channel.queue_declare("", exclusive=True).method.queue
        self._publish(exchange, question, reply_to=replies, correlation_id=secrets.token_hex(8))
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                method, _, body = self._channel.basic_get(replies, auto_ack=True)
                if method is None:
                    self._connection.sleep(0.05)
                else:
                    yield json.loads(body)
        finally:
            if self._channel.is_open:
                self._channel.queue_delete(replies)

    def _publish(self, exchange, message, **properties):
        self._channel.basic_publish(
            exchange=exchange,
            routing_key="",
            body=json.dumps(message),
            properties=pika.BasicProperties(content_type="application/json", delivery_mode=2, **properties),
            # Without a queue behind the exchange the publish fails instead of vanishing.
            mandatory=True,
        )


def job(job_id, name, kind, data, **more):
    # A job's bytes are base64, whatever its author put into them: here JSON.
    return {"id": job_id, "name": name, "type": kind, "bytes": base64.b64encode(json.dumps(data).encode()).decode(), **more}


def main():
    uri = sys.argv[1] if len(sys.argv) > 1 else "amqp://guest:guest@localhost:5672/%2F"
    # Two schedulers of one name would take each other's results.
    scheduler = Scheduler(uri, f"scheduler.example-{secrets.token_hex(4)}")

    greet = job("gree", "greet", "shell-command", {"cmd": "/bin/echo", "args": ["hello", "from Python"]}, retry=2, retryWait="5s")
    request = scheduler.submit(greet)
    greeted = scheduler.wait(request, "gree")
    print(f"greet of request {request}: {json.dumps(greeted)}")

    minute = 60 * 10**9
    request = scheduler.submit(job("napp", "nap", "sleep", {"duration": 10 * minute}))
    while not any(runner["state"] == 2 for runner in scheduler.status(request)):
        pass
    print("nap runs; stopped:", json.dumps(scheduler.stop(request, "napp", seconds=10)))
    stopped = scheduler.wait(request, "napp")

    # The same job again, with its counters and data: it goes on with the next try.
    scheduler.submit(job("napp", "nap", "sleep", {"duration": minute // 100}), request, resume=stopped)
    resumed = scheduler.wait(request, "napp")
    print("nap resumed:", json.dumps(resumed))
    scheduler.close()
    ends = (greeted["finalState"], stopped["finalState"], resumed["finalState"])
    return 0 if ends == (COMPLETE, STOPPED, COMPLETE) else 1


if __name__ == "__main__":
    sys.exit(main())
