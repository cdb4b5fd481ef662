# Two doors: `make drill` runs the war drill, `make test` passes the tests. Each does all its set-up.
.PHONY: drill test bench-peers setup

# The report's path is the last line on stdout; what cargo builds is shown on stderr.
drill: setup
	@cargo build
	@cargo run --quiet -- drill run --reports reports

test: setup
	@scripts/setup_python.sh
	@scripts/setup_browser.sh
	@scripts/setup_report.sh
	@cargo test

# The same work in other engines, side by side: processor seconds and their ratios.
bench-peers: setup
	@scripts/bench_peers.sh

# Only what cargo cannot do itself: the prebuilt libduckdb. A second run changes nothing.
setup:
	@scripts/setup_duckdb.sh
