//! The bugs that are planted in the checkers and the ways back of both foreign targets, as two tables.

use crate::foreign::{BACKTEST, FAILURE, LOOP, REFUSAL};

/// A bug: what it is; target; file, text, what it becomes; the scenario that must catch it, the outcome.
pub(crate) type Bug = (&'static str, Target, &'static str, &'static str, &'static str, &'static str, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The shell target as it is.
    Shell,
    /// The shell target with its own way back among its commands.
    WayBack,
    Python,
}

use Target::{Python, Shell, WayBack};

pub(crate) const ALL: &str = "Config, model and store come back by the target's own command";
pub(crate) const CODE: &str = "A bad commit and edits after it are taken back";
pub(crate) const OWN_FILE: &str = "A person's own file survives the rollback";
const SMOKE: &str = "A smoke test that fails says what to mend, and passes once it is mended";
const DAY: &str = "DayOps after a good night lets the day begin";
const DAY_BEFORE: &str = "DayOps without a night before it stops the day";
const OTHER_RESULT: &str = "Another weight gives another result";
const NAN: &str = "The backtest refuses a signal that is no number, and comes back";
const PARSE: &str = "The backtest refuses a script that does not parse, and comes back";
const UNSCHEDULED: &str = "The plan lacks the night, DayOps warns, and the stable schedule comes back";

const BACK: &str = "way_back.sh";
const DONE: &str = "# Done.\n";
const RESET: &str = "reset --quiet --hard \"$1\"";
const PLACES: &str = "for place in data models";
pub(crate) const NOT_BACK: &str = "NotRecovered";
const UNSEEN: &str = "NotDetected";

pub(crate) const WAYS_BACK: &[Bug] = &[
    ("it exits with 0 and does nothing", WayBack, BACK, "set -e", "exit 0", CODE, NOT_BACK),
    ("its failure is lost in a pipe", WayBack, BACK, RESET, "reset --hard no-such-tag 2>&1 | cat", CODE, NOT_BACK),
    ("it resets the index and not the tree", WayBack, BACK, "--hard", "--mixed", CODE, NOT_BACK),
    ("it moves HEAD and nothing else", WayBack, BACK, "--hard", "--soft", CODE, NOT_BACK),
    ("it goes to HEAD, not to the tag", WayBack, BACK, "\"$1\"\n", "HEAD\n", CODE, NOT_BACK),
    (
        "it takes back all files but one",
        WayBack,
        BACK,
        RESET,
        "reset -q --soft \"$1\"; git reset -q; git checkout -q -- strategy",
        CODE,
        NOT_BACK,
    ),
    (
        "it leaves a file that the fault added",
        WayBack,
        BACK,
        RESET,
        "reset -q --mixed \"$1\"; git checkout -q -- .",
        CODE,
        NOT_BACK,
    ),
    (
        "it hides a file that it left from git",
        WayBack,
        BACK,
        DONE,
        "echo x > stray.txt; echo stray.txt >> .git/info/exclude\n",
        CODE,
        NOT_BACK,
    ),
    ("it hides the damage in a stash", WayBack, BACK, "set -e\n", "set -e; git stash -q\n", CODE, NOT_BACK),
    ("it takes a person's own file away", WayBack, BACK, DONE, "git clean -fdq\n", OWN_FILE, NOT_BACK),
    ("it leaves git's lock", WayBack, BACK, DONE, ": > .git/index.lock\n", CODE, NOT_BACK),
    ("it leaves a merge half done", WayBack, BACK, DONE, "git rev-parse HEAD > .git/MERGE_HEAD\n", CODE, NOT_BACK),
    ("it goes to another branch", WayBack, BACK, DONE, "git checkout -q -b rescue\n", CODE, NOT_BACK),
    ("it detaches HEAD", WayBack, BACK, DONE, "git checkout -q --detach\n", CODE, NOT_BACK),
    ("it removes the tag that it went to", WayBack, BACK, DONE, "git tag -d \"$1\"\n", CODE, NOT_BACK),
    (
        "it commits something of its own",
        WayBack,
        BACK,
        DONE,
        "git -c user.name=x -c user.email=x@x commit -q --allow-empty -m x\n",
        CODE,
        NOT_BACK,
    ),
    (
        "it rewrites the line ends, and hides that from git",
        WayBack,
        BACK,
        DONE,
        "sed -i 's/$/\\r/' config/jobs.yaml; git update-index --assume-unchanged config/jobs.yaml\n",
        CODE,
        NOT_BACK,
    ),
    (
        "it has git rewrite the line ends from now on",
        WayBack,
        BACK,
        DONE,
        "git config core.autocrlf true\n",
        CODE,
        NOT_BACK,
    ),
    ("it leaves the config locked", WayBack, BACK, DONE, "chmod 444 config/system_config.json\n", CODE, NOT_BACK),
    (
        "it puts a link where a file was",
        WayBack,
        BACK,
        DONE,
        "mv config/jobs.yaml cache/jobs.yaml; ln -s ../cache/jobs.yaml config/jobs.yaml\n",
        CODE,
        NOT_BACK,
    ),
    ("it takes a file out of the index", WayBack, BACK, DONE, "git rm -q --cached smoke.sh\n", CODE, NOT_BACK),
    ("it takes the store back and not the model", WayBack, BACK, PLACES, "for place in data", ALL, NOT_BACK),
    ("it takes the model back and not the store", WayBack, BACK, PLACES, "for place in models", ALL, NOT_BACK),
    ("it loses the mode of the model", WayBack, BACK, "cp -a", "cp -r --no-preserve=mode", ALL, NOT_BACK),
    ("it copies where the model's link points", WayBack, BACK, "cp -a", "cp -aL", ALL, NOT_BACK),
    ("it moves the model's link", WayBack, BACK, DONE, "ln -sfn 2 models/u1/current\n", ALL, NOT_BACK),
    ("it loses the last row of the store", WayBack, BACK, DONE, "sed -i '$d' data/shell.duckdb\n", ALL, NOT_BACK),
    ("it loses a partition", WayBack, BACK, DONE, "rm -r data/parquet/daily\n", ALL, NOT_BACK),
    ("it loses the experiments", WayBack, BACK, DONE, ": > experiments/experiments.jsonl\n", ALL, NOT_BACK),
    (
        "it rewrites the experiments",
        WayBack,
        BACK,
        DONE,
        "sed -i 's/shell/sound/' experiments/experiments.jsonl\n",
        ALL,
        NOT_BACK,
    ),
    ("it loses the metrics", WayBack, BACK, DONE, "rm logs/monitor/metrics.jsonl\n", ALL, NOT_BACK),
    (
        "it takes the error out of the log",
        WayBack,
        BACK,
        DONE,
        "sed -i /ERROR/d logs/ops/night_ops.log\n",
        ALL,
        NOT_BACK,
    ),
    (
        "it reports success before it has begun",
        WayBack,
        BACK,
        "set -e\n",
        "[ \"$2\" ] || { setsid sh way_back.sh \"$1\" late > cache/back.log 2>&1 & sleep 0.2; exit 0; }\nsleep 1; set -e\n",
        ALL,
        NOT_BACK,
    ),
    (
        "it breaks what it took back, later",
        WayBack,
        BACK,
        DONE,
        "setsid sh -c 'sleep 2; rm -f data/shell.duckdb' > cache/back.log 2>&1 & sleep 0.2\n",
        CODE,
        NOT_BACK,
    ),
];

pub(crate) const CHECKERS: &[Bug] = &[
    ("the smoke test always passes", Shell, "smoke.sh", "exit 1", "exit 0", SMOKE, UNSEEN),
    ("the smoke test does not say what to mend", Shell, "smoke.sh", "storage.ts.duckdb_path: no", "no", SMOKE, UNSEEN),
    (
        "the night's exit code is lost in a pipe",
        Shell,
        "drill.toml",
        "night = [\"sh\", \"night.sh\"]",
        "night = [\"sh\", \"-c\", \"sh night.sh | cat\"]",
        FAILURE,
        UNSEEN,
    ),
    (
        "the night makes the directory that is missing",
        Shell,
        "night.sh",
        "if [ ! -d",
        "mkdir -p \"$(dirname \"$path\")\"; if [ ! -d",
        FAILURE,
        UNSEEN,
    ),
    (
        "the error goes to another log",
        Shell,
        "night.sh",
        ">> logs/ops/night_ops.log",
        ">> logs/ops/other.log",
        FAILURE,
        UNSEEN,
    ),
    ("the metrics count an error twice", Shell, "backtest.sh", "{\"count\":1,", "{\"count\":2,", REFUSAL, UNSEEN),
    (
        "the metrics count another component",
        Shell,
        "backtest.sh",
        "{\"errors\":{\"backtest\":{\"count\":1,",
        "{\"errors\":{\"night\":{\"count\":1,",
        REFUSAL,
        UNSEEN,
    ),
    (
        "the backtest answers from its last report",
        Shell,
        "backtest.sh",
        "code=0\n",
        "[ -f reports/backtest.json ] && exit 0; code=0\n",
        REFUSAL,
        UNSEEN,
    ),
    ("the endless loop is a refusal like any other", Shell, "backtest.sh", "code=16", "code=17", LOOP, UNSEEN),
    (
        "the exit code is one that a shell cuts to 0",
        Python,
        "research.py",
        "os._exit(error.code)",
        "os._exit(error.code * 256)",
        FAILURE,
        UNSEEN,
    ),
    (
        "an error is logged as a warning",
        Python,
        "research.py",
        "say(component, \"ERROR\"",
        "say(component, \"WARNING\"",
        FAILURE,
        UNSEEN,
    ),
    ("no metric is written", Python, "research.py", "append(METRICS,", "str(", FAILURE, UNSEEN),
    (
        "the error is counted as a run that was good",
        Python,
        "research.py",
        "count(component, True)",
        "count(component, False)",
        REFUSAL,
        UNSEEN,
    ),
    (
        "a failed backtest leaves no experiment",
        Python,
        "research.py",
        "if component == \"backtest\":",
        "if component == \"night\":",
        REFUSAL,
        UNSEEN,
    ),
    (
        "a failed night leaves an experiment",
        Python,
        "research.py",
        "if component == \"backtest\":",
        "if component == \"night\":",
        FAILURE,
        UNSEEN,
    ),
    (
        "a signal that is no number is traded",
        Python,
        "research.py",
        "if math.isnan(total):",
        "if total is None:",
        NAN,
        UNSEEN,
    ),
    ("the error does not say the line", Python, "research.py", ":{line.group(1) if line else 1}:", ":", PARSE, UNSEEN),
    (
        "the result is the digest of nothing",
        Python,
        "research.py",
        "digest = result_of(found, settings, equity)",
        "digest = result_of()",
        OTHER_RESULT,
        UNSEEN,
    ),
    (
        "the report has the result of another run",
        Python,
        "research.py",
        "\"result_digest\": digest}),",
        "\"result_digest\": \"0\"}),",
        BACKTEST,
        "Failed",
    ),
    (
        "DayOps looks at another date",
        Python,
        "research.py",
        "found[-1][0] == DAYS[-1]",
        "found[-1][0] == DAYS[-2]",
        DAY,
        "Failed",
    ),
    (
        "DayOps does not look for the night",
        Python,
        "research.py",
        "last_experiment(\"train\") is not None",
        "True",
        DAY_BEFORE,
        "Failed",
    ),
    (
        "DayOps grades a bad day and exits with 0",
        Python,
        "research.py",
        "if \"FAIL\" in checks.values():",
        "if not checks:",
        DAY_BEFORE,
        "Failed",
    ),
    (
        "DayOps does not look at the config",
        Python,
        "research.py",
        "warn[not changed]",
        "warn[True]",
        UNSCHEDULED,
        UNSEEN,
    ),
    ("the plan shows what never starts", Python, "research.py", "and day <= 5]", "and day <= 7]", UNSCHEDULED, UNSEEN),
];
