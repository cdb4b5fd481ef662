#!/usr/bin/env bash
# Times LightHunter beside Qlib, hand-written Polars, rqalpha and vectorbt's Rust engine, one after another
# in one run, and prints the ratios of their processor seconds; ends with 1 when a target is missed.
#
# The peers' scripts are those of ../shared/peers; their environments and inputs are made here, once, in
# PEERS (default ~/.cache/lighthunter-peers), by CPython 3.11 (PEERS_PYTHON names another one) and uv, from
# the registry that pip is set up for. ROUNDS (default 3) is how often each is run. Messages go to stderr,
# the table to stdout; what the programs said stays in PEERS/bench/data/log.
set -euo pipefail

say() { printf 'bench-peers: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scripts=$root/../shared/peers
[ -d "$scripts" ] || fail "not present: $scripts, which holds the peers' scripts; nothing was measured."
scripts=$(cd "$scripts" && pwd)
export PEERS=${PEERS:-$HOME/.cache/lighthunter-peers}
rounds=${ROUNDS:-3}
mkdir -p "$PEERS/bench/data/log"
log=$PEERS/bench/data/log

# Prints the path of a CPython 3.11. A shim of a version manager may be on the PATH without a version.
find_python() {
  local python
  for python in ${PEERS_PYTHON:-python3.11 python3 /usr/bin/python3.11 "$HOME"/.pyenv/versions/3.11*/bin/python}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then
      "$python" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  return 1
}

# Makes uv a command: the one that is there, else one from the registry, installed beside the environments.
find_uv() {
  uv --version >/dev/null 2>&1 && return
  export PATH=$PEERS/uv/bin:$PATH PYTHONPATH=$PEERS/uv${PYTHONPATH:+:$PYTHONPATH}
  uv --version >/dev/null 2>&1 && return
  say "installing uv into $PEERS/uv (once)"
  "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --target "$PEERS/uv" uv >&2
}

# The peers' own installer, without the lines of the engines that this table does not have: they need
# another Python. What was installed by the same lines is not looked at again.
install_peers() {
  local lines
  lines=$(grep -Ev '^mk venv_(nt|bt|vnpy) ' "$scripts/install_venvs.sh")
  if [ "$(cat "$PEERS/installed" 2>/dev/null)" = "$lines" ]; then
    return
  fi
  python=$(find_python) || fail "no CPython 3.11 was found; name one in PEERS_PYTHON."
  find_uv
  say "making the peers' environments in $PEERS (once; minutes and about 3 GB)"
  export UV_PYTHON_DOWNLOADS=never PY311=$python PY312=$python
  bash <(printf '%s\n' "$lines") >"$log/install" 2>&1 </dev/null || {
    tail -5 "$log/install" >&2
    fail "the peers' environments could not be made; see $log/install"
  }
  printf '%s\n' "$lines" >"$PEERS/installed"
}

# 300 symbols x 1,000 days, as setup.sh makes them; a file that is there is not made again.
make_inputs() {
  local qlib=$PEERS/venv_qlib/bin/python rqalpha=$PEERS/venv_rq/bin/python
  cp -u "$scripts"/*.py "$PEERS/bench/"
  cd "$PEERS/bench"
  [ -f data/made ] && return
  say "making the inputs: 300 symbols x 1,000 days (once)"
  {
    "$qlib" gen_panel.py bench 300 1000 20240601 data
    "$qlib" to_qlib.py data/panel_bench.parquet data/calendar_bench.txt data/qlib_bench
    rm -rf data/rq_bench
    "$rqalpha" make_rq_bundle.py data/panel_bench.parquet data/calendar_bench.txt data/rq_bench
    "$qlib" make_scores.py data/panel_bench.parquet data/calendar_bench.txt data/scores_bench.parquet
  } >"$log/inputs" 2>&1 || { tail -5 "$log/inputs" >&2; fail "the inputs could not be made; see $log/inputs"; }
  touch data/made
}

# Builds ours and prints the path of the program.
build() {
  cd "$root"
  cargo bench --no-run --bench peers --message-format=json-render-diagnostics |
    grep -o '"executable":"[^"]*/peers-[^"]*"' | tail -1 | cut -d'"' -f4
}

# Runs one program and adds what it said to its log; a log that grows by no `run` line is a failure.
measure() {
  local name=$1
  shift
  if ! "$@" >"$log/last" 2>"$log/last.err" || ! grep -q '^run' "$log/last"; then
    tail -5 "$log/last" "$log/last.err" >&2
    fail "$name failed"
  fi
  grep -E '^run|^RESULT|^compared' "$log/last" >>"$log/$name"
  say "$name: $(grep '^RESULT' "$log/last")"
}

# Prints the median of the processor seconds of all runs of a program; a first call that compiles is none. A third
# word chooses the runs whose line has it, a third word after `-v` those whose line has it not.
median() {
  local name=$1 part=$2
  shift 2
  if [ $# -eq 0 ]; then set -- ''; fi
  grep '^run' "$log/$name" | grep -v compiles | grep "$@" | grep -oE "${part}[^;]*" | grep -oE 'cpu [0-9.]+' | cut -d' ' -f2 | sort -g |
    awk '{ seconds[NR] = $1 } END { print NR % 2 ? seconds[(NR + 1) / 2] : (seconds[NR / 2] + seconds[NR / 2 + 1]) / 2 }'
}

install_peers
make_inputs
say "building ours"
ours=$(build)
[ -x "$ours" ] || fail "the benchmark was not built"
cd "$PEERS/bench"
export TQDM_DISABLE=1
panel=data/panel_bench.parquet calendar=data/calendar_bench.txt scores=data/scores_bench.parquet
names="alpha158_ours alpha158_qlib alpha158_polars top_k_ours top_k_qlib top_k_rqalpha top_k_vectorbt"
for name in $names; do rm -f "$log/$name"; done
for round in $(seq "$rounds"); do
  say "round $round of $rounds, load $(cut -d' ' -f1 /proc/loadavg)"
  measure alpha158_ours "$ours" alpha158 "$panel" 3 data/alpha158_ours.parquet
  measure alpha158_polars ../venv_qlib/bin/python alpha158_polars.py "$panel" "$calendar" 3
  measure alpha158_qlib ../venv_qlib/bin/python alpha158_qlib.py data/qlib_bench 1 1
  measure top_k_ours "$ours" top-k "$panel" "$scores" 7
  measure top_k_vectorbt ../venv_vbt/bin/python bt_vectorbt.py "$panel" "$calendar" 7 rust
  measure top_k_rqalpha ../venv_rq/bin/python bt_rqalpha.py data/rq_bench "$scores" 1
  measure top_k_qlib ../venv_qlib/bin/python bt_qlib.py data/qlib_bench "$panel" "$calendar" 1
done
# The same numbers, cell by cell: the Polars script compares its own with those of a file.
measure compared ../venv_qlib/bin/python alpha158_polars.py "$panel" "$calendar" 1 data/alpha158_ours.parquet
compared=$(grep '^compared' "$log/last") || fail "the values were not compared"

cores=$(nproc)
processor=$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//' || true)
printf '\nProcessor seconds, medians of %s rounds (%s cores, %s, load %s):\n\n' \
  "$rounds" "$cores" "${processor:-unknown}" "$(cut -d' ' -f1 /proc/loadavg)"
printf '| %-38s | %9s | %9s | %8s | %9s | %-6s |\n' figure "ours, s" "peer, s" ratio target verdict
printf '| %s | %s | %s | %s | %s | %s |\n' "$(printf -- '-%.0s' {1..38})" --------: --------: -------: --------: ------
missed=0
row() {
  local name=$1 own=$2 peer=$3 target=$4 ratio verdict
  ratio=$(awk -v own="$own" -v peer="$peer" 'BEGIN { printf "%.2f", peer / own }')
  verdict=$(awk -v ratio="$ratio" -v target="$target" 'BEGIN { print (ratio >= target) ? "ok" : "MISSED" }')
  [ "$verdict" = ok ] || missed=$((missed + 1))
  printf '| %-38s | %9.4f | %9.4f | %7sx | %8sx | %-6s |\n' "$name" "$own" "$peer" "$ratio" "$target" "$verdict"
}
own=$(median alpha158_ours .)
row "alpha158, Qlib" "$own" "$(median alpha158_qlib .)" 20
row "alpha158, hand-written Polars" "$own" "$(median alpha158_polars .)" 2
own=$(median top_k_ours . -v 'ranked before')
row "top 30 daily, Qlib" "$own" "$(median top_k_qlib 'run wall')" 100
row "top 30 daily, rqalpha" "$own" "$(median top_k_rqalpha .)" 100
own=$(median top_k_ours . 'ranked before')
row "top 30 daily, vectorbt Rust, no rules" "$own" "$(median top_k_vectorbt .)" 1
cat <<END

alpha158: a 300 x 1,000 panel from its file to 158 factors and a label in memory; reading and aligning are in.
          Values against the Polars script's: $compared
top 30:   signals and panel in memory to the finished run; reading files is not in (rqalpha opens its bundle).
          Ours has every rule (T+1, limits, lots, fees, suspension, volume cap, dividends, risk) and brings
          every holding to 1/30 daily, as vectorbt does without rules; Qlib and rqalpha only exchange names.
END
case $compared in
*"differing: []"*) ;;
*) missed=$((missed + 1)) && printf 'The values DIFFER.\n' ;;
esac
if [ "$missed" -gt 0 ]; then
  printf '%s targets are missed.\n' "$missed"
  exit 1
fi
