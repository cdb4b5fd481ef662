# Two doors: `make drill` runs the war drill, `make test` passes the tests. Each does all its set-up.
.PHONY: drill test bench-peers drill-kills drill-repeats setup

# The report's path is the last line on stdout; what cargo builds is shown on stderr.
drill: setup
	@cargo build
	@cargo run --quiet -- drill run --reports reports

test: setup
	@scripts/setup_python.sh
	@scripts/setup_browser.sh
	@cargo test

# The same work in other engines, side by side: processor seconds and their ratios.
bench-peers: setup
	@scripts/bench_peers.sh

# Only what cargo cannot do itself: the prebuilt libduckdb. A second run changes nothing.
setup:
	@scripts/setup_duckdb.sh

# The short drill killed at 200 random moments; after each the tree must be the baseline's and nothing left.
drill-kills: setup
	@LIGHTHUNTER_DRILL_KILLS=200 cargo test --test drill -- "killed drill"

# The short drill 100 times in a row: none may differ.
drill-repeats: setup
	@LIGHTHUNTER_DRILL_REPEATS=100 cargo test --test drill -- "again and again"
