//! The room from outside: whole workspaces, made from the template and then changed.

use std::{fmt::Debug, path::Path};

use serde_json::json;
use tempfile::TempDir;

use super::{
    Configuration, DataSchema, ExperimentMatrix, FactorSpec, Jobs, LabelSpec, LoadOptions, Loaded, Mistake, check,
    document::Document,
    layer, load, load_all,
    node::Node,
    section::Findings,
    settings::{self, MarketKind, NightMode},
    shipped, template, write_pointer,
};
use crate::{durable, exit::Failure, workspace::Workspace};

/// A workspace as `init` lays it down.
struct Room {
    _directory: TempDir,
    workspace: Workspace,
}

impl Room {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let workspace = Workspace::at(directory.path().canonicalize().expect("a path"));
        for (path, content) in template::FILES {
            let path = workspace.path(path);
            durable::make_directory(path.parent().expect("a parent")).expect("made");
            durable::replace(&path, content).expect("written");
        }
        Self { _directory: directory, workspace }
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        durable::replace(&self.workspace.path(path), content).expect("written");
        self
    }

    fn remove(&self, path: &str) -> &Self {
        std::fs::remove_file(self.workspace.path(path)).expect("removed");
        self
    }

    fn load(&self, sets: &[(&str, &str)]) -> Result<Loaded, String> {
        let options = LoadOptions { sets: pairs(sets), ..LoadOptions::default() };
        load(&self.workspace, &options).map_err(|errors| errors.to_string())
    }

    fn load_as(&self, environment: &str) -> Result<Loaded, String> {
        let options = LoadOptions { environment: Some(environment.into()), ..LoadOptions::default() };
        load(&self.workspace, &options).map_err(|errors| errors.to_string())
    }

    fn load_all(&self) -> Result<Configuration, String> {
        load_all(&self.workspace, &LoadOptions::default()).map_err(|errors| errors.to_string())
    }
}

fn pairs(sets: &[(&str, &str)]) -> Vec<(String, String)> {
    sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn template_is_a_workspace_without_mistakes_or_warnings() {
    let room = Room::new();
    let report = check(&room.workspace, &LoadOptions::default()).expect("sound");
    assert_eq!(report.warnings, []);
    assert_eq!(report.files.len(), 8, "{:?}", report.files);
    let all = room.load_all().expect("sound");
    let defaults = shipped().expect("sound");
    assert_eq!(all.loaded.settings, defaults.loaded.settings, "the file says what the defaults say");
    assert_eq!((&all.jobs, &all.labels, &all.factors), (&defaults.jobs, &defaults.labels, &defaults.factors));
    assert_eq!(all.loaded.settings.market.kind, MarketKind::Simulated);
    assert_eq!(all.jobs.jobs.len(), 6);
    for off in ["nightly_regression", "collect_daily", "collect_minute", "collect_gaps"] {
        assert!(all.jobs.job(off).is_some_and(|job| !job.enabled), "{off}");
    }
    assert_eq!((all.labels.labels.len(), all.labels.tasks.len()), (8, 3));
}

#[test]
fn missing_keys_take_the_defaults_value() {
    let room = Room::new();
    room.write(Workspace::CONFIG, "{}");
    let loaded = room.load(&[]).expect("sound");
    assert_eq!(loaded.settings, shipped().expect("sound").loaded.settings);
    assert_eq!(loaded.origins["hud.port"].origin, "default");
    assert_eq!(loaded.origins["hud.port"].value, json!(8000));
}

#[test]
fn learner_and_processors_are_read_and_their_mistakes_named() {
    use settings::{Learner, Processor};
    let room = Room::new();
    let research = |loaded: Loaded| loaded.settings.research;
    let shipped = research(room.load(&[]).expect("sound"));
    assert!(matches!(shipped.learner, Learner::ElasticNet(_)));
    assert_eq!(shipped.dataset.processors, [Processor::WinsoriseQuantile { tail: 0.01 }, Processor::ZscoreTrain]);
    let sets = [
        ("research.learner.kind", "boosted_trees"),
        ("research.learner.rounds", "7"),
        ("research.dataset.processors", r#"[{"kind": "rank_by_day"}, {"kind": "fill", "with": "median"}]"#),
    ];
    let set = research(room.load(&sets).expect("sound"));
    assert!(matches!(&set.learner, Learner::BoostedTrees(trees) if trees.rounds == 7 && trees.bins == 256));
    assert_eq!(set.dataset.processors, [Processor::RankByDay, Processor::FillMedian]);
    let cases = [
        ("research.learner.kind", "boosted_tree", "did you mean boosted_trees?"),
        ("research.learner.rounds", "0", "a whole number from 1 to 10000"),
        ("research.learner.subsample", "0", "a number above 0 up to 1"),
        ("research.learner.bins", "1", "a whole number from 2 to 4096"),
        ("research.dataset.processors", r#"[{"kind": "zscore"}]"#, "zscore_train"),
        ("research.dataset.processors", r#"[{"kind": "winsorise_quantile", "tail": 0.5}]"#, "below 0.5"),
        ("research.dataset.processors", r#"[{"kind": "winsorise_mad", "tail": 0.1}]"#, "deviations"),
        ("research.dataset.processors", r#"[{"kind": "rank_by_day", "tail": 0.1}]"#, "unknown key"),
        ("research.dataset.processors", r#"[{"kind": "fill", "with": "mean"}]"#, "median, zero"),
    ];
    for (key, value, words) in cases {
        let said = room.load(&[(key, value)]).expect_err(value);
        assert!(said.contains(words) && said.contains(key), "{value}: {said}");
    }
}

#[test]
fn higher_layers_win_and_say_so() {
    let room = Room::new();
    room.write(
        Workspace::CONFIG,
        "{\n\"hud\": {\"port\": 9000},\n\"ops\": {\"night_ops\": {\"default_mode\": \"data\"}}}",
    )
    .write("config/system_config.prod.json", "{\n\n\"hud\": {\"port\": 9001}}");
    let port = |loaded: &Loaded| (loaded.settings.hud.port, loaded.origins["hud.port"].origin.clone());
    assert_eq!(port(&room.load(&[]).expect("sound")), (9000, "config/system_config.json:2".into()));
    let prod = room.load_as("PROD").expect("sound");
    assert_eq!(port(&prod), (9001, "config/system_config.prod.json:3".into()));
    assert_eq!(prod.settings.env, "prod");
    assert_eq!(prod.settings.ops.night_ops.default_mode, NightMode::Data, "what the overlay leaves out stays");
    let set = room.load(&[("hud.port", "9002"), ("hud.port", "9003")]).expect("sound");
    assert_eq!(port(&set), (9003, "--set".into()));
    let options =
        LoadOptions { seed: Some("7".into()), sets: pairs(&[("alpha.model_id", "20250101")]), environment: None };
    let given = load(&room.workspace, &options).expect("sound");
    assert_eq!((given.settings.seed.0, given.origins["seed"].origin.as_str()), (7, "LIGHTHUNTER_SEED"));
    assert_eq!(given.settings.alpha.model_id.as_deref(), Some("20250101"), "bare digits can be a text");
}

#[test]
fn maps_of_the_file_replace_those_of_the_template() {
    let room = Room::new();
    let own = r#"{"portfolio": {"strategies": {"u9": {"account_id": "paper_main"}}}}"#;
    let settings = room.write(Workspace::CONFIG, own).load(&[]).expect("sound").settings;
    let ids: Vec<&str> = settings.portfolio.strategies.iter().map(|strategy| strategy.id.as_str()).collect();
    assert_eq!(ids, ["u9"]);
    assert_eq!(settings.portfolio.strategies[0].max_positions, 10, "from portfolio.defaults");
}

#[test]
fn digest_follows_the_values_and_nothing_else() {
    let room = Room::new();
    let digest = |text: &str| room.write(Workspace::CONFIG, text).load(&[]).expect("sound").digest;
    let one = digest(r#"{"hud": {"port": 9000}, "data_guardian": {"stale_sessions": 7}}"#);
    assert_eq!(one, digest("// c\n{\"data_guardian\": {\"stale_sessions\": 7},\n\"hud\": {\"port\": 9000}}"));
    assert_ne!(one, digest(r#"{"hud": {"port": 9001}, "data_guardian": {"stale_sessions": 7}}"#));
}

#[test]
fn names_of_the_original_are_accepted_with_a_warning() {
    let room = Room::new();
    let original = r#"{
        "paths": {"log_dir": "logs/old"},
        "duckdb": {"path": "data/x.duckdb"},
        "event_bus": {"zmq": {"pub_endpoint": "tcp://127.0.0.1:6001"}},
        "portfolio": {"strategies": {"u1": {"account": "paper_main"}}}
    }"#;
    let loaded = room.write(Workspace::CONFIG, original).load(&[]).expect("accepted");
    assert_eq!(loaded.settings.storage.ts.duckdb_path, Path::new("data/x.duckdb"));
    assert_eq!(loaded.settings.event_bus.pub_endpoint, "tcp://127.0.0.1:6001");
    assert_eq!(loaded.settings.portfolio.strategies[0].account_id, "paper_main");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "config/system_config.json:2: paths.log_dir: is an old name; write paths.logs_dir",
        "config/system_config.json:3: duckdb.path: is an old name; write storage.ts.duckdb_path",
        "config/system_config.json:4: event_bus.zmq.pub_endpoint: is an old name; write event_bus.pub_endpoint",
        "config/system_config.json:5: portfolio.strategies.u1.account: is an old name; write portfolio.strategies.u1.account_id",
    ];
    assert_eq!(warnings, expected);
    let set = room.load(&[("duckdb.path", "data/y.duckdb")]).expect("accepted");
    assert_eq!(set.origins["storage.ts.duckdb_path"].origin, "--set");
}

#[test]
fn mistakes_of_the_command_line_are_mistakes() {
    let room = Room::new();
    let cases = [
        (("hud.port", "70000"), "--set: hud.port: out of range, allowed: a whole number from 1 to 65535, got 70000"),
        (("hud.prt", "1"), "--set: hud.prt: unknown key, did you mean port?"),
        (("hud..port", "1"), "--set: hud..port: is not a dotted key, such as hud.port"),
        (
            ("risk.max_leverage", "NaN"),
            "--set: risk.max_leverage: wrong type, allowed: a number above 0 up to 10, got \"NaN\"",
        ),
        (
            ("risk.max_leverage", "1e999"),
            "--set: risk.max_leverage: wrong type, allowed: a number above 0 up to 10, got \"1e999\"",
        ),
        (("hud", "1"), "--set: hud: wrong type, allowed: an object of keys and values, got 1"),
    ];
    for (set, expected) in cases {
        assert_eq!(room.load(&[set]).expect_err("refused"), expected);
    }
}

#[test]
fn overlays_are_never_ignored() {
    let room = Room::new();
    room.write("config/system_config.prod.json", "{\"hud\": ");
    let broken = room.load_as("prod").expect_err("refused");
    assert!(broken.starts_with("config/system_config.prod.json:1: is not valid JSON"), "{broken}");
    let unknown = room.load_as("pord").expect_err("refused");
    assert_eq!(
        unknown,
        "LIGHTHUNTER_ENV: env: config/system_config.pord.json does not exist, did you mean config/system_config.prod.json?"
    );
    room.load(&[]).expect("dev is sound");
    let errors = check(&room.workspace, &LoadOptions::default()).expect_err("all overlays are checked");
    assert_eq!(errors.exit().code(), 10);
    room.write(Workspace::CONFIG, "{\"hud\": {\"port\": 0}}")
        .write("config/system_config.dev.json", "{\"hud\": {\"port\": 80}}");
    assert!(
        room.load(&[])
            .expect_err("hidden, but wrong")
            .starts_with("config/system_config.json:1: hud.port: out of range")
    );
    room.write(Workspace::CONFIG, "{}").remove("config/system_config.dev.json");
    assert_eq!(room.load(&[]).expect("absent").warnings.len(), 1);
}

#[test]
fn mistakes_of_all_files_are_reported_at_once() {
    let room = Room::new();
    room.write(Workspace::CONFIG, "{\"hud\": {\"port\": 0},\n\"paths\": {\"data_dir\": \"/etc\"}}")
        .write("config/label_spec.json", "[]")
        .write("config/jobs.yaml", "jobs:\n  a:\n    command: []\n")
        .remove("config/factor_spec.json");
    let errors = room.load_all().expect_err("refused");
    let expected = "\
config/factor_spec.json: cannot be read: No such file or directory (os error 2)
config/jobs.yaml:3: jobs.a.command: is empty, allowed: a program and its arguments
config/label_spec.json:1: wrong type, allowed: an object of keys and values, got a list
config/system_config.json:1: hud.port: out of range, allowed: a whole number from 1 to 65535, got 0
config/system_config.json:2: paths.data_dir: not allowed, allowed: a path relative to the workspace that stays inside it and out of .git, got \"/etc\"";
    assert_eq!(errors, expected);
}

#[test]
fn files_agree_with_each_other() {
    let room = Room::new();
    let config = template::SYSTEM_CONFIG
        .replace("\"ultrashort_t1_regression\"", "\"ultrashort_t1_regresion\"")
        .replace("\"factor_set\": \"ultrashort_core\"", "\"factor_set\": \"nothing\"");
    let matrix =
        template::file("config/experiment_matrix.yaml").expect("shipped").replace("max_positions", "max_position");
    let jobs = "jobs: {}\n";
    room.write(Workspace::CONFIG, config)
        .write("config/experiment_matrix.yaml", matrix)
        .write("config/jobs.yaml", jobs);
    room.remove("strategy/u2.luau");
    let errors = room.load_all().expect_err("refused");
    for expected in [
        "research.jobs.ultrashort_main.task: ultrashort_t1_regresion is not in config/label_spec.json, did you mean ultrashort_t1_regression?",
        "research.jobs.ultrashort_main.factor_set: nothing is not in config/factor_spec.json, allowed: alpha158, alpha360, risk_only, u1_v2_plus, ultrashort_basic, ultrashort_core",
        "config/experiment_matrix.yaml:14: experiments[1].set: portfolio.strategies.u1.max_position is not a config key, did you mean portfolio.strategies.u1.max_positions?",
        "config/jobs.yaml: jobs.night_ops_full: is missing; every workspace has it",
        "portfolio.strategies.u2.script: strategy/u2.luau does not exist",
    ] {
        assert!(errors.contains(expected), "{expected}\nis not in\n{errors}");
    }
    assert_eq!(errors.lines().count(), 8, "{errors}");
}

#[test]
fn file_changed_after_loading_is_noticed() {
    let room = Room::new();
    let loaded = room.load(&[]).expect("sound");
    assert_eq!(loaded.changed_files(&room.workspace), Vec::<String>::new());
    write_pointer(&room.workspace.path(Workspace::CONFIG), "/hud/port", &json!(9000)).expect("written");
    assert_eq!(loaded.changed_files(&room.workspace), [Workspace::CONFIG]);
}

/// Reads what is left of a file that was cut at `end`, as its reader does.
fn cut<T>(path: &str, end: usize, read: impl Fn(&Node, &mut Findings) -> T) -> Result<T, Vec<Mistake>> {
    let bytes = template::file(path).expect("shipped").as_bytes()[..end].to_vec();
    let tree = Document::of_bytes(path, bytes).map_err(|mistake| vec![*mistake])?.parse()?;
    let mut findings = Findings::default();
    let value = read(&tree, &mut findings);
    if findings.mistakes.is_empty() { Ok(value) } else { Err(findings.mistakes) }
}

/// Asserts that a file cut anywhere is refused, or still says all that it said.
fn assert_no_silent_cut<T: PartialEq + Debug>(path: &str, read: impl Fn(&Node, &mut Findings) -> T + Copy) {
    let length = template::file(path).expect("shipped").len();
    let whole = cut(path, length, read).expect("sound");
    let refused = (0..length)
        .filter(|end| match cut(path, *end, read) {
            Ok(value) => {
                assert_eq!(value, whole, "{path} cut at {end}");
                false
            }
            Err(mistakes) => mistakes.iter().all(|mistake| mistake.to_string().starts_with(path)),
        })
        .count();
    assert!(refused + 8 > length, "{path}: only {refused} of {length} cuts are refused");
}

#[test]
fn no_cut_is_silent() {
    let settings = |tree: &Node, findings: &mut Findings| {
        settings::read(&layer::over_defaults(layer::defaults().expect("sound"), tree), findings)
    };
    assert_no_silent_cut(Workspace::CONFIG, settings);
    assert_no_silent_cut("config/system_config.prod.json", settings);
    assert_no_silent_cut("config/label_spec.json", LabelSpec::read);
    assert_no_silent_cut("config/factor_spec.json", FactorSpec::read);
    assert_no_silent_cut("config/data_schema.json", DataSchema::read);
    assert_no_silent_cut("config/experiment_matrix.yaml", ExperimentMatrix::read);
    assert_no_silent_cut("config/jobs.yaml", |tree, findings| {
        let jobs = Jobs::read(tree, findings);
        jobs.check_required("config/jobs.yaml", findings);
        jobs
    });
}

#[test]
fn sites_say_their_own_over_the_networks_values_in_the_originals_names_too() {
    let room = Room::new();
    let original = r#"{"network": {
        "default_timeout_sec": 3.0, "global_limits": {"max_qps": 0.5},
        "proxies": {"mode": "per_site", "default": "safe", "pool": [
            {"name": "safe", "type": "http", "http": "http://127.0.0.1:10809"},
            {"id": "b", "type": "socks5", "endpoint": "socks5://127.0.0.1:10808"}]},
        "routes": {"push2.eastmoney.com": "b"},
        "sites": {
            "eastmoney": {"qps_limit": 0.2, "proxy": "safe", "retry": {"max_retries": 1, "retry_status_codes": [500]},
                "circuit_breaker": {"error_rate_window": 300, "cooldown_sec": 900}, "roles": ["kline"]},
            "sina": {"proxy_policy": {"mode": "pool", "pool_ids": ["b", "safe"], "rotate_on_ban": true}}
        }
    }}"#;
    let loaded = room.write(Workspace::CONFIG, original).load(&[]).expect("accepted");
    let network = loaded.settings.network;
    assert_eq!(network.rate_limits.max_qps, Some(0.5));
    let site = network.site("eastmoney");
    assert_eq!((site.max_qps, site.timeout_sec, site.max_concurrent), (0.2, 3.0, 2));
    assert_eq!(site.base_urls, ["https://push2his.eastmoney.com"], "the template's, since the file says nothing else");
    assert_eq!(site.proxies, ["http://127.0.0.1:10809"], "the original sent everything out directly");
    assert_eq!((site.retry.max_retries, site.retry.status_codes.as_slice()), (1, [500].as_slice()));
    let breaker = &site.circuit_breaker;
    assert_eq!((breaker.error_rate_window_sec, breaker.cooldown_sec, breaker.min_requests), (300, 900, 20));
    let rotating = network.site("sina");
    assert_eq!((rotating.proxies.len(), rotating.rotate_on_ban), (2, true));
    assert_eq!(network.routes["push2.eastmoney.com"], ["socks5://127.0.0.1:10808"]);
    assert_eq!(network.site("unknown"), &network.site_defaults);
    assert!(loaded.warnings.iter().any(|warning| warning.to_string().contains("network.sites.eastmoney.max_qps")));
}

#[test]
fn a_proxy_that_is_not_there_is_a_mistake_and_never_direct() {
    let room = Room::new();
    let cases = [
        ("network.sites.sina.proxy", "nowhere", "nowhere is not in network.proxies, allowed: default, direct, pool"),
        ("network.sites.sina.proxy", "default", ""),
        ("network.proxies.default", "nowhere", "nowhere is not in network.proxies"),
        ("network.proxies.mode", "global", "mode is global, but url is not given"),
        ("network.proxies.url", "http://user:secret@a:1", "holds a user and password"),
        ("network.proxies.pool", r#"[{"id": "a", "type": "http"}]"#, "endpoint: is missing"),
        ("network.routes", r#"{"host": "nowhere"}"#, "nowhere is not in network.proxies"),
        ("network.sites.sina.base_urls", "[]", "is empty"),
        ("network.sites.sina.base_urls", r#"["ftp://a"]"#, "not allowed"),
        ("network.sites.sina.max_qsp", "1", "unknown key, did you mean max_qps?"),
        ("network.ua_strategy", "random", "per_session"),
    ];
    for (key, value, words) in cases {
        match room.load(&[(key, value)]) {
            Ok(_) => assert!(words.is_empty(), "{key} took {value}"),
            Err(said) => assert!(!words.is_empty() && said.contains(words) && !said.contains("user:secret"), "{said}"),
        }
    }
    let sets = [("network.proxies.url", "http://127.0.0.1:1"), ("network.sites.sina.proxy", "default")];
    let said = room.load(&sets).expect_err("a proxy under a mode without proxies");
    assert!(said.contains("names the proxy default, but network.proxies.mode is disabled"), "{said}");
}
