#!/usr/bin/env bash
# Make .venv and install the pinned packages. A second run with the same pins does nothing. RUNTIME_ONLY=1 leaves out the test tools.
set -euo pipefail
cd "$(dirname "$0")/.."
requirements=requirements-dev.txt
[ -n "${RUNTIME_ONLY:-}" ] && requirements=requirements.txt
python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Roundtable needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1 || echo missing). Install it, or name one: PYTHON=python3.12 make test" >&2
    exit 2
fi
wanted=$(cat requirements.txt "$requirements" docker/install-python.sh | sha256sum | cut -c1-64)
if [ -f .venv/.ready ] && [ "$(cat .venv/.ready)" = "$wanted" ]; then
    touch .venv/.ready
    exit 0
fi
if ! "$python" -m venv .venv 2>/tmp/roundtable-venv.log; then
    cat /tmp/roundtable-venv.log >&2
    echo "Could not make .venv. On Debian or Ubuntu: apt-get install python3-venv" >&2
    exit 2
fi
echo "Installing the Python packages of $requirements into .venv (a few minutes the first time) ..."
# torch first: every later package that wants "any torch" then finds this one.
.venv/bin/pip install --quiet --disable-pip-version-check "$(grep '^torch==' requirements.txt)" ${PIP_TORCH_ARGS:-} 2> >(grep -v 'is ignored: it is neither' >&2)
.venv/bin/pip install --quiet --disable-pip-version-check -r "$requirements" 2> >(grep -v 'is ignored: it is neither' >&2)
echo "$wanted" > .venv/.ready
