# Makes a Python environment under target/ for tests; sourced by setup_python.sh and setup_report.sh.
#
# Where the system's python3 has what is needed, nothing is made. Packages come from the registry that pip is set
# up for. Where they cannot be had this says so and succeeds: the tests that need them then skip, visibly, and fail
# where CI is "true". A second run changes nothing. All messages go to stderr.

say() { printf 'setup: %s\n' "$*" >&2; }

# python_environment NAME MODULES SKIPPED PACKAGE==VERSION...: makes target/NAME, in which MODULES can be imported;
# SKIPPED says which tests are skipped without it.
python_environment() {
  local name=$1 modules=$2 skipped=$3
  shift 3
  local root directory work python
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  directory=$root/target/$name
  give_up() { say "$1"; say "$skipped will be skipped."; exit 0; }

  command -v python3 >/dev/null || give_up "python3 is not installed."
  for python in python3 "$directory/bin/python"; do
    if "$python" -c "import $modules" >/dev/null 2>&1; then
      return
    fi
  done

  mkdir -p "$root/target"
  work=$(mktemp -d "$root/target/.$name-XXXXXX")
  # shellcheck disable=SC2064 # the directory of now
  trap "rm -rf '$work'" EXIT
  say "installing $* into $directory (once)"
  rm -rf "$directory"
  if ! python3 -m venv "$directory" >"$work/log" 2>&1 </dev/null ||
    ! "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
      "$@" >>"$work/log" 2>&1 </dev/null; then
    tail -5 "$work/log" >&2
    rm -rf "$directory"
    give_up "$* cannot be installed."
  fi
}
