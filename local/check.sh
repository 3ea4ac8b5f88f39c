#!/bin/sh
# Everything that must hold before a change is merged. Runs all checks even if one fails; the
# summary of the tests is the last line.
set -u
cd "$(dirname "$0")/.." || exit 1
bin=.venv/bin
bad=0
what=${1:-all}

if [ "$what" = all ]; then
    # The tests start a hundred processes of ours: each would compile all of our code anew. While
    # the types are checked, one processor has nothing to do: all is compiled before tests begin.
    unset PYTHONDONTWRITEBYTECODE
    "$bin/python" -m pytest -q --collect-only >/dev/null 2>&1 &
fi
"$bin/ruff" check . || bad=1
"$bin/ruff" format --check --quiet . || { echo "ruff format would change files"; bad=1; }
"$bin/python" -m mypy . || bad=1
if [ "$what" = all ]; then
    TROUPE_CHROMIUM=$(sh local/chromium.sh) || exit 1
    export TROUPE_CHROMIUM
    [ $bad = 0 ] || echo "lint or types: not clean, see above"
    wait
    # A file stays in one process, so that its servers are started once.
    "$bin/python" -m pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder || bad=1
fi
exit $bad
