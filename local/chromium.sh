#!/bin/sh
# Prints where a Chromium is, for the browser tests; gets one if there is none.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)

# The headless shell first: it draws the same pages without the windows around them.
find_browser() {
    for name in "${TROUPE_CHROMIUM:-}" chromium-headless-shell chromium chromium-browser \
        google-chrome google-chrome-stable \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
            command -v "$name"
            return 0
        fi
    done
    "$here/.venv/bin/python" - <<'PYTHON'
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    path = playwright.chromium.executable_path
if not pathlib.Path(path).exists():
    sys.exit(1)
print(path)
PYTHON
}

find_browser 2>/dev/null && exit 0
printf 'troupe: getting a browser for the tests\n' >&2
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    install="env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends"
    # Debian has the shell as a package of its own; others, and older ones, only the whole.
    { apt-get update -q && { $install chromium-headless-shell || $install chromium; }; } >&2
else
    "$here/.venv/bin/python" -m playwright install chromium >&2
fi
find_browser || {
    printf 'troupe: no Chromium; install it, or set TROUPE_CHROMIUM to its path\n' >&2
    exit 1
}
