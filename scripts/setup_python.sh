#!/usr/bin/env bash
# Makes target/python, a Python environment with pyzmq: the bus tests listen and publish with it.
#
# Where the system's python3 has pyzmq, nothing is made. pyzmq comes from the registry that pip is set up
# for. Where neither can be had this says so and succeeds: the tests that need it then skip, visibly, and
# fail where CI is "true". A second run changes nothing. All messages go to stderr.
set -euo pipefail

version=27.3.0

say() { printf 'setup: %s\n' "$*" >&2; }
give_up() { say "$1"; say "The bus tests that need pyzmq will be skipped."; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
directory=$root/target/python

command -v python3 >/dev/null || give_up "python3 is not installed."
for python in python3 "$directory/bin/python"; do
  if "$python" -c 'import zmq' >/dev/null 2>&1; then
    exit 0
  fi
done

mkdir -p "$root/target"
work=$(mktemp -d "$root/target/.python-XXXXXX")
trap 'rm -rf "$work"' EXIT
say "installing pyzmq $version into $directory (once)"
rm -rf "$directory"
if ! python3 -m venv "$directory" >"$work/log" 2>&1 </dev/null ||
  ! "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    "pyzmq==$version" >>"$work/log" 2>&1 </dev/null; then
  tail -5 "$work/log" >&2
  rm -rf "$directory"
  give_up "pyzmq $version cannot be installed."
fi
