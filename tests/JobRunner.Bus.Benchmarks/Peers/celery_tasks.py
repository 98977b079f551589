# The Celery side of the benchmark "peers": a task that does nothing, acknowledged late, as a job runner's would be.
import os

from celery import Celery

app = Celery("peers", broker=os.environ["BROKER"].replace("amqp://", "pyamqp://"))
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=int(os.environ["PREFETCH"]) // 2,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)


@app.task(name="run-job")
def run_job(command):
    return None
