#!/usr/bin/env bash
# Start one component against services named by the environment (DATABASE_URL, REDIS_URL, RAY_ADDRESS, STORAGE_URL).
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
host=${LISTEN_HOST:-0.0.0.0}
case "${1:-}" in
migrate) exec $python manage.py migrate --no-input ;;
web) exec $python -m uvicorn labeling.asgi:application --host "$host" --port "${PORT:-8000}" --no-access-log --timeout-graceful-shutdown 5 ;;
worker) exec $python -m celery -A workers.app worker --concurrency "${WORKER_CONCURRENCY:-3}" --loglevel INFO ;;
beat) exec $python -m celery -A workers.app beat --loglevel INFO --schedule "${BEAT_SCHEDULE:-/tmp/celerybeat-schedule}" ;;
ray-head) exec .venv/bin/ray start --head --block --port 6379 --dashboard-host "$host" --dashboard-port 8265 ;;
ray-worker) exec .venv/bin/ray start --block --address "${RAY_HEAD:?RAY_HEAD=host:6379 names the head node}" ;;
*) echo "usage: docker/start.sh migrate|web|worker|beat|ray-head|ray-worker, got '${1:-}'" >&2; exit 2 ;;
esac
