#!/usr/bin/env bash
# Gets what the tests of the web page need: chromium with its driver from the system's packages, and axe-core,
# the accessibility rules, into target/browser from the registry that npm is set up for.
#
# Where they cannot be had this says so and succeeds: the tests that need them then skip, visibly, and fail
# where CI is "true". A second run changes nothing. All messages go to stderr.
set -euo pipefail

version=4.14.1

say() { printf 'setup: %s\n' "$*" >&2; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
directory=$root/target/browser

if ! command -v chromedriver >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null &&
    { say "installing chromium-driver (once)"; apt-get install -y -q chromium-driver >/dev/null 2>&1 </dev/null; }; then
    :
  else
    say "chromium-driver cannot be installed: the browser tests will be skipped."
  fi
fi

if [ ! -e "$directory/node_modules/axe-core/axe.min.js" ]; then
  say "installing axe-core $version into $directory (once)"
  mkdir -p "$directory"
  if ! command -v npm >/dev/null ||
    ! npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$directory" "axe-core@$version" >&2 </dev/null; then
    rm -rf "$directory"
    say "axe-core $version cannot be installed: the accessibility test will be skipped."
  fi
fi
