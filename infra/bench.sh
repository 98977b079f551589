#!/usr/bin/env bash
# Measures the worker beside a floor on RabbitMQ.Client alone, on a private RabbitMQ that it starts and ends itself, and
# ends with one line of JSON. --quick takes under 3 minutes. With words only those parts: throughput latency runner waiting
# stop startup.
#
#   infra/bench.sh scale [--quick]   something else: workers, queues and brokers in numbers, and messages of 1 MB; prints the
#                                    tables of docs/performance.md, in about 10 minutes; --quick takes 3, with fewer points;
#                                    "scale large" measures only the messages
#
#   infra/bench.sh micro [--quick]   single steps of a job's path in nanoseconds and bytes (BenchmarkDotNet); no broker. Takes its
#                                    arguments too: infra/bench.sh micro --quick --filter '*Wire*'
#
#   infra/bench.sh chains [--quick]  the chain service on PostgreSQL, MariaDB and SQLite: chains a second, chains of many jobs, the pause
#                                    between two jobs, and many chains at once; with words only those parts: throughput large pause many
#
#   infra/bench.sh lookup [--quick]  how long a worker that takes a run over looks for it in a journal of 20,000 to 400,000 entries
#
#   infra/bench.sh peers [--quick]   the same commands through this worker, plain MassTransit, Wolverine, and Celery where python3-celery
#                                    is installed: some 4 minutes, --quick 2
#
# With RABBITMQ_BIN=$(infra/rabbitmq4.sh) on RabbitMQ 4. See docs/performance.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ -x "${RABBITMQ_BIN:-/usr/lib/rabbitmq/bin}/rabbitmq-server" ] || { echo "RabbitMQ is not installed: infra/test.sh installs it" >&2; exit 2; }
dotnet build tests/JobRunner.Bus.Benchmarks -c Release --nologo -v quiet '-clp:ErrorsOnly;NoSummary'
[[ " $* " != *" peers "* ]] || dotnet build tests/JobRunner.Bus.Peers -c Release --nologo -v quiet '-clp:ErrorsOnly;NoSummary'
exec tests/JobRunner.Bus.Benchmarks/bin/Release/net10.0/JobRunner.Bus.Benchmarks "$@"
