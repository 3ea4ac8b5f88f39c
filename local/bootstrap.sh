#!/bin/sh
# Makes .venv from the lock files, once and again whenever they change; says nothing otherwise.
# Needs a POSIX shell and Python 3.11 or newer, nothing else. `--dev` adds what tests need.
# PYTHON=/path/to/python3 chooses the interpreter.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
venv=$here/.venv
log=$here/.venv-setup.log
kind=runtime
[ "${1:-}" = --dev ] && kind=dev

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "troupe: $1"
    shift
    for line in "$@"; do say "        $line"; done
    exit 1
}

case $(uname -s) in
Linux | Darwin) ;;
MINGW* | MSYS* | CYGWIN* | Windows*)
    fail "Windows is not supported directly." \
        "Use WSL: run 'wsl --install', open Ubuntu, and start there." ;;
*) say "troupe: $(uname -s) has not been tried; going on." ;;
esac

cd "$here"
locks="requirements.lock requirements-assets.lock"
[ "$kind" = dev ] && locks="requirements-dev.lock requirements-assets.lock requirements-spec.lock"
# shellcheck disable=SC2086
wanted=$(cat $locks | cksum)
stamp=$venv/.troupe-$kind
if [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

fits() { # is this a Python that the lock files have been made for?
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
            >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if fits "$name"; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

how_to_get_python() {
    if [ "$(uname -s)" = Darwin ]; then
        echo "brew install python@3.13"
    elif command -v apt-get >/dev/null 2>&1; then
        echo "${sudo}apt-get install python3 python3-venv   (Debian 12, Ubuntu 24.04 or newer)"
    elif command -v dnf >/dev/null 2>&1; then
        echo "${sudo}dnf install python3.12"
    else
        echo "install Python 3.11 to 3.14 with your system's package manager"
    fi
}

sudo="sudo "
[ "$(id -u)" = 0 ] && sudo=""

if ! [ -x "$venv/bin/python" ]; then
    if ! python=$(find_python); then
        found=$(python3 --version 2>/dev/null || echo "no python3")
        fail "Python 3.11 to 3.14 is needed; found: $found." \
            "Get it:            $(how_to_get_python)" \
            "Or say where it is: PYTHON=/path/to/python3 $0"
    fi
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if command -v apt-get >/dev/null 2>&1; then
            fail "this Python cannot make environments: its venv module is missing." \
                "Get it: ${sudo}apt-get install python$version-venv"
        fi
        fail "this Python ($python) cannot make environments: its venv module is missing." \
            "Get it: $(how_to_get_python)"
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv" >"$log" 2>&1 || {
        rm -rf "$venv"
        fail "making the environment in $venv did not work." "$(tail -n 3 "$log")"
    }
elif ! fits "$venv/bin/python"; then
    fail "$venv was made by a Python that is too old or too new." \
        "Remove it and start again: rm -r $venv"
fi

[ "$kind" = dev ] && what="environment for tests" || what="environment"
printf 'troupe: preparing the %s (once, about half a minute) ' "$what" >&2
requirements=""
for lock in $locks; do requirements="$requirements -r $lock"; done
# Exact versions, each file checked by its hash; wheels only, so nothing is compiled or run.
# shellcheck disable=SC2086
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --require-hashes --no-deps --only-binary :all: $requirements >"$log" 2>&1 &
pip=$!
trap 'kill $pip 2>/dev/null; wait $pip 2>/dev/null; say ""; exit 130' INT TERM HUP
while kill -0 $pip 2>/dev/null; do
    printf '.' >&2
    sleep 1
done
if ! wait $pip; then
    say ""
    say "$(grep -v '^WARNING' "$log" | tail -n 8)"
    fail "installing the packages did not work." \
        "Is a package index reachable, and is this Linux (glibc) or macOS on x86-64 or arm64?" \
        "All that pip said: $log"
fi
trap - INT TERM HUP
say " done"
printf '%s\n' "$wanted" >"$stamp"
# The tests' environment contains everything that the runtime needs.
if [ "$kind" = dev ]; then
    cat requirements.lock requirements-assets.lock | cksum >"$venv/.troupe-runtime"
fi
rm -f "$log"
