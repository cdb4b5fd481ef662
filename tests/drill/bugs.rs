//! Bugs planted in the checkers and the ways back of both foreign targets, one at a time, each with the one
//! scenario that must catch it and the outcome it must get; and the table of all that are planted anywhere,
//! which `docs/drill.md` holds. `UPDATE_PAPERS=1 cargo test --test drill -- table` writes that table anew.

use std::{
    fmt::Write as _,
    fs, panic,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use lighthunter::{
    clock::Clock,
    drill::{self, DrillOptions},
    record::Verdict,
    vault::Vault,
};

use crate::{
    Check, Failed,
    foreign::{self, BACKTEST, FAILURE, LOOP, REFUSAL, RERUN, find, options, target},
    python, require, truth,
};

pub(crate) const CHECKS: &[Check] = &[
    ("every planted bug is caught", bugs_are_caught),
    ("the way back without a bug passes", sound_way_back_passes),
    ("the table of planted bugs is that of the tests", table_has_not_drifted),
];

/// A bug: what it is; target; file, text, what it becomes; the scenario that must catch it, the outcome.
type Bug = (&'static str, Target, &'static str, &'static str, &'static str, &'static str, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The shell target as it is.
    Shell,
    /// The shell target with its own way back among its commands.
    WayBack,
    Python,
}

use Target::{Python, Shell, WayBack};

/// How many bugs run side by side.
const LANES: usize = 3;
/// How many bugs the tests must plant at the least.
const BUGS_MIN: usize = 25;

const ALL: &str = "Config, model and store come back by the target's own command";
const CODE: &str = "A bad commit and edits after it are taken back";
const OWN_FILE: &str = "A person's own file survives the rollback";
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
const NOT_BACK: &str = "NotRecovered";
const UNSEEN: &str = "NotDetected";

const WAYS_BACK: &[Bug] = &[
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

const CHECKERS: &[Bug] = &[
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

fn bugs_are_caught() -> Result<(), Failed> {
    let bugs: Vec<&Bug> =
        WAYS_BACK.iter().chain(CHECKERS).filter(|bug| bug.1 != Python || !python::is_missing()).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    // Drills side by side would take each other's silence about panics away.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        for lane in 0..LANES {
            let (bugs, next, wrong) = (&bugs, &next, &wrong);
            scope.spawn(move || {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = format!("bugs_{lane}");
                    if let Err(error) = caught(bug, &name) {
                        wrong.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{}: {error}", bug.0));
                    }
                }
            });
        }
    });
    panic::set_hook(hook);
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("        {} of {} are caught", bugs.len() - wrong.len(), bugs.len());
    require(wrong.is_empty(), || wrong.join("\n        "))
}

fn caught((_, kind, file, text, becomes, scenario, expected): &Bug, name: &str) -> Result<(), Failed> {
    let room = tempfile::tempdir()?;
    let mut options = planted(room.path(), *kind, Some((file, text, becomes)), name)?;
    options.name = Some(format!("^{}$", regex::escape(scenario)));
    let record = drill::run(options)?;
    let outcome = &find(&record, scenario)?.outcome;
    let reason = outcome.reason().unwrap_or_default();
    // A way back here says that all went well; one that only falls over its own bug proves nothing.
    let fell = reason.contains("the rollback ended with") && !reason.contains("exit code 0, but");
    require(outcome.name() == *expected && record.verdict == Verdict::NotReady && !fell, || {
        format!("{} instead of {expected}: {reason}", outcome.name())
    })
}

/// The scenarios pass where no bug is planted, so that a red one above is the bug's doing.
fn sound_way_back_passes() -> Result<(), Failed> {
    for scenario in [CODE, OWN_FILE, ALL, RERUN] {
        let room = tempfile::tempdir()?;
        let mut options = planted(room.path(), WayBack, None, "way_back_sound")?;
        options.name = Some(format!("^{}$", regex::escape(scenario)));
        let record = drill::run(options)?;
        let found = find(&record, scenario)?;
        require(record.verdict == Verdict::Ready && found.proven() == Some(true), || {
            format!("'{scenario}': {}", record.verdict_reason)
        })?;
    }
    Ok(())
}

fn planted(room: &Path, kind: Target, edit: Option<(&str, &str, &str)>, name: &str) -> Result<DrillOptions, Failed> {
    if kind == Python {
        return python::options(room, edit, name);
    }
    let root = target(room, None)?;
    let mut edits: Vec<(&str, &str, &str)> = edit.into_iter().collect();
    if kind == WayBack {
        edits.push(("drill.toml", "[commands]\n", "[commands]\nrollback = [\"sh\", \"way_back.sh\", \"{to}\"]\n"));
    }
    for (file, text, becomes) in edits {
        let whole = fs::read_to_string(root.join(file))?;
        require(whole.contains(text), || format!("harness error: {file} does not hold '{text}'"))?;
        lighthunter::durable::replace(&root.join(file), whole.replacen(text, becomes, 1))?;
    }
    Vault::open(&root)?.commit_all("as it is drilled", Clock::system().now())?;
    let mut options = options(&root, name)?;
    let own = root.join("features").to_string_lossy().into_owned();
    let all = ["1_bootstrap", "2_full_run", "3_failure", "4_rollback", own.as_str()];
    options.features = all.iter().map(|folder| (*folder).to_owned()).collect();
    Ok(options)
}

/// Returns every bug that the tests plant in a checker or a way back: what, scenario, outcome.
fn all_bugs() -> Vec<(String, &'static str, &'static str)> {
    let edited = |file: &str, text: &str, becomes: &str| format!("`{file}`: `{text}` becomes `{}`", becomes.trim());
    let ours = WAYS_BACK.iter().map(|bug| (format!("way back: {}", bug.0), bug.5, bug.6));
    let checkers = CHECKERS.iter().map(|bug| (format!("checker: {}", bug.0), bug.5, bug.6));
    let earlier = foreign::PLANTED.iter().chain(python::PLANTED);
    let earlier =
        earlier.map(|(file, text, becomes, scenario, outcome)| (edited(file, text, becomes), *scenario, *outcome));
    let truth = truth::TABLE.iter().map(|row| (format!("truth: {}", row.what), row.scenario, row.outcome));
    let after = foreign::ROLLBACKS.iter().filter(|(after, _)| !after.is_empty());
    let after = after
        .map(|(after, outcome)| (format!("way back of the config, then `{after}`"), foreign::CONFIG_BACK, *outcome));
    let idle = (String::from("way back of the config: nothing is taken back"), foreign::CONFIG_BACK, NOT_BACK);
    ours.chain(checkers).chain(truth).chain(earlier).chain(after).chain([idle]).collect()
}

const BEGIN: &str = "<!-- planted bugs: written by the tests -->\n";
const END: &str = "<!-- end of the planted bugs -->\n";

fn table_has_not_drifted() -> Result<(), Failed> {
    let bugs = all_bugs();
    require(WAYS_BACK.len() + CHECKERS.len() >= BUGS_MIN, || format!("only {} bugs are planted", bugs.len()))?;
    let mut table =
        format!("{} of {} are caught.\n\n| bug | scenario | outcome |\n|---|---|---|\n", bugs.len(), bugs.len());
    for (what, scenario, outcome) in &bugs {
        writeln!(table, "| {} | {scenario} | {outcome} |", what.replace('\n', "; ").replace('|', "\\|"))?;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/drill.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("docs/drill.md has no place for the table")?;
    let (found, after) = rest.split_once(END).ok_or("the table of docs/drill.md has no end")?;
    if std::env::var_os("UPDATE_PAPERS").is_some() {
        lighthunter::durable::replace(&path, format!("{before}{BEGIN}\n{table}\n{END}{after}"))?;
        return Ok(());
    }
    require(found.trim() == table.trim(), || {
        "docs/drill.md: write anew with UPDATE_PAPERS=1 cargo test --test drill -- table".into()
    })
}
