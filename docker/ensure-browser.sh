#!/usr/bin/env bash
# The browser tests need a Chromium: one that is there, else Debian's package (as root), else Playwright's own download.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${CHROMIUM:-}" ] && [ -x "$CHROMIUM" ] && exit 0
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
.venv/bin/python - <<'PY' && exit 0
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not os.path.exists(playwright.chromium.executable_path))
PY
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's chromium for the browser tests ..."
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; then exit 0; fi
fi
echo "Installing Playwright's Chromium for the browser tests ..."
if .venv/bin/playwright install chromium; then exit 0; fi
echo "No Chromium could be installed. Install one (Debian: 'apt-get install chromium'), or name yours: CHROMIUM=/path/to/chromium make test" >&2
exit 2
