#!/usr/bin/env bash
# Puts the official prebuilt libduckdb where cargo finds it, so that nothing of DuckDB is compiled.
#
# The library comes out of DuckDB's own npm package of exactly the version that Cargo.toml names, through
# the ordinary npm client, and is used only if its SHA-256 is the pinned one. It is kept in the user's cache;
# .cargo/duckdb.toml (ignored by git) names it and is written only when that changes, so that a second run
# rebuilds nothing. All messages go to stderr.
set -euo pipefail

version=1.5.6
package_version=1.5.6-r.1

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Without a prebuilt library here, the duckdb crate downloads the official one itself when cargo builds.
fall_back() {
  say "$1"
  say "cargo will let the duckdb crate download the official library itself, which needs full internet access."
  say "Offline, name a directory that holds libduckdb $version in DUCKDB_LIB_DIR and run this again."
  rm -f "$settings"
  exit 0
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
settings=$root/.cargo/duckdb.toml

if [ -n "${DUCKDB_LIB_DIR:-}" ]; then
  say "DUCKDB_LIB_DIR is set: using the libduckdb in $DUCKDB_LIB_DIR"
  exit 0
fi

case "$(uname -s)" in
  Linux) system=linux ;;
  Darwin) system=darwin ;;
  *) system=$(uname -s) ;;
esac
case "$(uname -m)" in
  x86_64 | amd64) processor=x64 ;;
  aarch64 | arm64) processor=arm64 ;;
  *) processor=$(uname -m) ;;
esac
platform=$system-$processor

# Only what was fetched and hashed once is pinned; everything else falls back.
case "$platform" in
  linux-x64)
    library=libduckdb.so
    pinned=3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633
    ;;
  *) fall_back "No pinned libduckdb for $platform." ;;
esac

hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }
is_whole() { [ -f "$1" ] && [ "$(hash_of "$1")" = "$pinned" ]; }

cache=${XDG_CACHE_HOME:-$HOME/.cache}/lighthunter
directory=$cache/libduckdb-$version-$platform

if ! is_whole "$directory/$library"; then
  command -v npm >/dev/null || fall_back "npm is not installed, so the prebuilt libduckdb cannot be fetched."
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.setup-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  name=@duckdb/node-bindings-$platform@$package_version
  say "fetching libduckdb $version for $platform with npm (once)"
  if ! (cd "$work" && npm pack --silent "$name" >"$work/npm.log" 2>&1 </dev/null); then
    cat "$work/npm.log" >&2
    fall_back "npm could not fetch $name."
  fi
  tar -xzf "$work"/*.tgz -C "$work" "package/$library" "package/LICENSE"
  found=$(hash_of "$work/package/$library")
  [ "$found" = "$pinned" ] || fail "$name holds a $library with SHA-256 $found, not the pinned $pinned: not used."
  # One rename puts the finished directory in place; what lies there is incomplete or damaged.
  rm -rf "$directory"
  mv "$work/package" "$directory"
  say "installed $directory/$library"
fi

case "$directory" in
  *[\"\\]*) fail "the cache path $directory holds a quote or a backslash: set XDG_CACHE_HOME to another place." ;;
esac
wanted=$(printf '[env]\nDUCKDB_LIB_DIR = "%s"' "$directory")
if [ "$(cat "$settings" 2>/dev/null || true)" != "$wanted" ]; then
  printf '%s\n' "$wanted" >"$settings.$$.tmp"
  mv "$settings.$$.tmp" "$settings"
  say "wrote $settings"
fi
