#!/usr/bin/env bash
# Compares loss-dsl with torch, torch.compile and jax on this machine: sets the peers up in a virtual environment under
# target/, builds our side, runs both in turns, prints tables. `run.sh --help` has the options.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
cd "$root"
work="${CARGO_TARGET_DIR:-$root/target}/peers"
mkdir -p "$work"

if ! cmp -s "$here/requirements.txt" "$work/installed.txt"; then
    "${PYTHON:-python3}" -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/installed.txt"
fi
exec "$work/venv/bin/python" "$here/run.py" --work "$work" "$@"
