#!/bin/sh
# Makes the lock files anew from requirements*.in: exact versions and hashes for all platforms, no
# address of an index. Releases of the last two weeks are left out: bad ones are found by then.
set -eu
cd "$(dirname "$0")/.."
uv=0.13.9
.venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv"
before=$(.venv/bin/python -c 'import datetime as d; print(d.date.today() - d.timedelta(days=14))')
compile() {
    .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
        --exclude-newer "$before" "$@"
}
compile requirements.in -o requirements.lock
compile --no-deps requirements-assets.in -o requirements-assets.lock
compile --no-deps requirements-spec.in -o requirements-spec.lock
compile --no-deps requirements-training.in -o requirements-training.lock
compile requirements-dev.in -o requirements-dev.lock
