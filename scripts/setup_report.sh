#!/usr/bin/env bash
# Makes target/report_python, a Python environment with jsonschema and lxml: the report tests hold record.json
# against its JSON Schema and junit.xml against fixtures/report/junit.xsd with them.
#
# Where the system's python3 has both, nothing is made. They come from the registry that pip is set up for.
# Where they cannot be had this says so and succeeds: the tests that need them then skip, visibly, and fail
# where CI is "true". A second run changes nothing. All messages go to stderr.
set -euo pipefail

jsonschema=4.26.0
lxml=6.0.2

say() { printf 'setup: %s\n' "$*" >&2; }
give_up() { say "$1"; say "The schema tests of the report will be skipped."; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
directory=$root/target/report_python

command -v python3 >/dev/null || give_up "python3 is not installed."
for python in python3 "$directory/bin/python"; do
  if "$python" -c 'import jsonschema, lxml.etree' >/dev/null 2>&1; then
    exit 0
  fi
done

mkdir -p "$root/target"
work=$(mktemp -d "$root/target/.report-XXXXXX")
trap 'rm -rf "$work"' EXIT
say "installing jsonschema $jsonschema and lxml $lxml into $directory (once)"
rm -rf "$directory"
if ! python3 -m venv "$directory" >"$work/log" 2>&1 </dev/null ||
  ! "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    "jsonschema==$jsonschema" "lxml==$lxml" >>"$work/log" 2>&1 </dev/null; then
  tail -5 "$work/log" >&2
  rm -rf "$directory"
  give_up "jsonschema $jsonschema and lxml $lxml cannot be installed."
fi
