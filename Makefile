# Two doors: `make drill` runs the war drill, `make test` passes the tests. Each does all its set-up.
.PHONY: drill test nightly faults papers bench-peers collect-scale drill-kills drill-repeats sweep damage fuzz planted setup

# The report's path is the last line on stdout; what cargo builds is shown on stderr.
drill: setup
	@cargo build
	@cargo run --quiet -- drill run --reports reports

test: setup
	@scripts/setup_python.sh
	@scripts/setup_browser.sh
	@scripts/setup_report.sh
	@cargo test

# The full regression on a fresh workspace, as the job nightly_regression runs it.
nightly: setup
	@cargo build
	@rm -rf target/nightly
	@cargo run --quiet -- init target/nightly
	@cargo run --quiet -- --workspace target/nightly bootstrap
	@cargo run --quiet -- --workspace target/nightly regression --mode full

# Every case of the catalogue's 64 faults on a small workspace, about three minutes; the report's path is the last line.
faults: setup
	@cargo build
	@rm -rf target/faults
	@cargo run --quiet -- -q init target/faults --market simulated:7 --symbols 16 --days 160
	@cargo run --quiet -- drill run features/faults --target target/faults --reports reports

# The papers of the manual, written anew from the features: docs/BOOTSTRAP_AND_ROLLBACK.md (and .zh.md), WAR_SOP.md,
# WAR_CHECKLIST.md and manual.md.
papers: setup
	@UPDATE_PAPERS=1 cargo test --test drill -- papers

# The same work in other engines, side by side: processor seconds and their ratios.
bench-peers: setup
	@scripts/bench_peers.sh

# 5,000 symbols from a quote site of our own, killed on the way and resumed; prints what it measured.
collect-scale: setup
	@COLLECT_SYMBOLS=5000 cargo test --quiet --test integration killed_collection -- --nocapture

# Only what cargo cannot do itself: the prebuilt libduckdb. A second run changes nothing.
setup:
	@scripts/setup_duckdb.sh

# The short drill killed at 200 random moments; after each the tree must be the baseline's and nothing left.
drill-kills: setup
	@LIGHTHUNTER_DRILL_KILLS=200 cargo test --test drill -- "killed drill"

# Every writer killed at each of its operations and while it comes back, cut from power, given disk errors: a table.
sweep: setup
	@LIGHTHUNTER_SWEEP=full cargo test --test sweep

# The short drill 100 times in a row: none may differ.
drill-repeats: setup
	@LIGHTHUNTER_DRILL_REPEATS=100 cargo test --test drill -- "again and again"

# 10,000 corruptions of every kind of file: a table of what was detected, harmless and missed (none may be).
damage: setup
	@LIGHTHUNTER_DAMAGE=10000 cargo test --test integration damage:: -- --nocapture

# 1,000,000 damaged inputs for every parser, and 10,000 damaged requests: no panic, no abort, no hang.
fuzz: setup
	@LIGHTHUNTER_FUZZ=1000000 RUST_BACKTRACE=0 cargo test --lib fuzz_tests -- --nocapture
	@LIGHTHUNTER_FUZZ=1000000 cargo test --test integration security::requests -- --nocapture

# Planted errors in all symbols of the real bars: recall by kind, and every false alarm on clean rows with its reason.
planted: setup
	@LIGHTHUNTER_PLANTED=full cargo test --quiet --lib planted_tests -- --nocapture --test-threads 1
