//! Records with fixed values for the renderers' tests: a green one, a red one, and one whose every
//! text tries to break out of its place.

use crate::{
    digest::Digest,
    record::{
        ChecklistItem, ConductRecord, DrillRecord, Duty, FaultRecord, KEEP_REPORTS_DEFAULT, Layer, LayerProof, Outcome,
        Phase, PhaseRecord, ProofRecord, RECORD_VERSION, RollbackRecord, ScenarioRecord, SignalKind, SignalRecord,
        StepRecord, StepStatus, TargetRecord, Verdict,
    },
};

/// A drill of two scenarios, both passed.
pub(super) fn small() -> DrillRecord {
    let mut record = frame(vec![night(), scenario_a()]);
    record.checklist = vec![
        box_of("1.5", "The smoke test passes.", "跑 Smoke Test 通过。", &[&record.scenarios[0].name]),
        box_of(
            "3.1",
            "A fault makes the next NightOps fail.",
            "确保下次 NightOps 必然失败。",
            &["DuckDB path of a missing directory"],
        ),
        box_of("2.2", "DayOps succeeds.", "`python -m ops.day_ops` 成功。", &[]),
    ];
    record
}

/// A drill with a silent signal, a broken proof and a skipped scenario.
pub(super) fn red() -> DrillRecord {
    let mut record = frame(vec![night(), not_detected(), not_recovered(), skipped()]);
    record.id = "20251103-213000-c0de".into();
    record.verdict = Verdict::NotReady;
    record.verdict_reason = "1 scenario was not detected and 1 did not recover.".into();
    record
}

/// The small drill ended early by SIGTERM, with a process left behind.
pub(super) fn disturbed() -> DrillRecord {
    let mut record = small();
    record.verdict = Verdict::NotReady;
    record.verdict_reason = "interrupted by SIGTERM: 2 of 2 scenarios were begun".into();
    record.conduct.resumed = 1;
    record.conduct.interrupted_by = Some(15);
    record.conduct.undone = vec!["20251103-200000-dead: duckdb-path of 'DuckDB path' undone".into()];
    record.conduct.residue = vec!["process 4711 still runs: sleep 600".into()];
    record
}

/// The small drill with markup, control characters and table syntax in every text.
pub(super) fn hostile() -> DrillRecord {
    let nasty = "</td><script>alert(1)</script>|`*[x](javascript:alert(1))\u{1b}[31m\u{0}\n# &amp; ]]>\"'";
    let mut record = small();
    record.verdict_reason = nasty.into();
    record.target.name = nasty.into();
    record.repeat_command = nasty.into();
    record.checklist[0].text = nasty.into();
    record.conduct.residue = vec![nasty.into()];
    record.conduct.undone = vec![nasty.into()];
    for scenario in &mut record.scenarios {
        scenario.name = nasty.into();
        scenario.feature = nasty.into();
        scenario.outcome = Outcome::Failed { reason: nasty.into() };
        scenario.evidence = vec!["javascript:alert(1)".into(), format!("evidence/{nasty}")];
        scenario.kept = Some(nasty.into());
        scenario.steps.iter_mut().for_each(|step| step.text = nasty.into());
        scenario.signals.iter_mut().for_each(|signal| signal.observed = nasty.into());
        if let Some(fault) = &mut scenario.fault {
            fault.what = nasty.into();
            fault.what_zh = nasty.into();
            fault.diff = format!("```\n{nasty}\n````");
        }
        if let Some(rollback) = &mut scenario.rollback {
            rollback.to = nasty.into();
            rollback.actions = vec![nasty.into()];
        }
    }
    record
}

fn frame(scenarios: Vec<ScenarioRecord>) -> DrillRecord {
    DrillRecord {
        version: RECORD_VERSION,
        id: "20251103-210500-7f3a".into(),
        started_at: "2025-11-03T13:05:00Z".parse().expect("a timestamp"),
        seconds: 14.872,
        verdict: Verdict::Ready,
        verdict_reason: "Every fault was detected and every rollback was proven.".into(),
        seed: 20_251_103,
        target: TargetRecord {
            name: "lighthunter".into(),
            commit: "3a81e6cf02b94d5dd10c5c9b6a1f7f1f9a0c2d4e".into(),
            market: "simulated:7".into(),
            lighthunter: "0.1.0".into(),
            machine: "linux x86_64, 2 cores".into(),
        },
        control: false,
        strict: false,
        scenarios,
        checklist: Vec::new(),
        conduct: ConductRecord {
            jobs: 1,
            overhead_seconds: 0.4,
            rollback_p95_seconds: Some(0.131),
            ..ConductRecord::default()
        },
        repeat_command: "lighthunter drill run --seed 20251103 --market simulated:7".into(),
        keep_reports: KEEP_REPORTS_DEFAULT,
    }
}

fn night() -> ScenarioRecord {
    ScenarioRecord {
        name: "NightOps on a fresh workspace".into(),
        feature: "2.1 NightOps".into(),
        file: "2_first_run/night_ops.feature".into(),
        line: 7,
        tags: vec!["chapter-2".into()],
        outcome: Outcome::Passed,
        seconds: 4.1,
        fault: None,
        signals: Vec::new(),
        rollback: None,
        phases: vec![phase(Phase::Scenario, 4.1, 120.0)],
        proofs: Vec::new(),
        steps: vec![
            step("Given a bootstrapped workspace", StepStatus::Passed, 0.9),
            step("When NightOps runs with mode full", StepStatus::Passed, 3.0),
            step("Then the exit code is 0", StepStatus::Passed, 0.0),
        ],
        evidence: vec!["evidence/night_ops/stdout.txt".into()],
        kept: None,
        cases: Vec::new(),
    }
}

fn scenario_a() -> ScenarioRecord {
    ScenarioRecord {
        name: "DuckDB path of a missing directory".into(),
        feature: "3.1 Scenario A".into(),
        file: "3_failure/scenario_a.feature".into(),
        line: 12,
        tags: vec!["chapter-3".into(), "fault".into()],
        outcome: Outcome::Passed,
        seconds: 9.4,
        fault: Some(FaultRecord {
            id: "duckdb-path-missing".into(),
            what: "storage.ts.duckdb_path points into a directory that does not exist".into(),
            what_zh: "storage.ts.duckdb_path 指向不存在的目录".into(),
            injected: true,
            at_seconds: 4.25,
            diff: "--- config/system_config.json\n+++ config/system_config.json\n@@ -31,1 +31,1 @@\n-      \"duckdb_path\": \"data/lighthunter.duckdb\",\n+      \"duckdb_path\": \"data/__invalid_path__/lighthunter.duckdb\",\n".into(),
        }),
        signals: vec![
            signal(SignalKind::ExitCode, "13", "13", Some(0.412)),
            signal(SignalKind::Log, "an ERROR that names the path", "cannot open data/__invalid_path__/lighthunter.duckdb", Some(0.412)),
            signal(SignalKind::Metric, "errors_total rises", "0 to 1", Some(0.95)),
            signal(SignalKind::Experiment, "no new record", "no new record", Some(1.2)),
        ],
        rollback: Some(rollback(true)),
        phases: vec![
            phase(Phase::Detect, 0.412, 30.0),
            phase(Phase::Code, 0.073, 2.0),
            phase(Phase::Verify, 0.058, 1.0),
            phase(Phase::Recover, 0.131, 2.0),
            phase(Phase::Rerun, 3.1, 60.0),
            phase(Phase::Scenario, 9.4, 120.0),
        ],
        proofs: vec![fingerprint(&[]), ProofRecord { kind: "rerun".into(), holds: true, layers: Vec::new(), seconds: 3.1 }],
        steps: vec![
            step("Given a baseline of a good night", StepStatus::Passed, 4.2),
            step("When the DuckDB path points into a missing directory", StepStatus::Passed, 0.05),
            step("And NightOps runs with mode full", StepStatus::Passed, 0.41),
            step("Then the fault is seen", StepStatus::Passed, 0.8),
            step("When the code is rolled back to the baseline", StepStatus::Passed, 0.131),
            step("Then the proof holds", StepStatus::Passed, 3.1),
        ],
        evidence: vec!["evidence/scenario_a/stdout.txt".into(), "evidence/scenario_a/config.diff".into()],
        kept: None,
        cases: Vec::new(),
    }
}

fn not_detected() -> ScenarioRecord {
    let mut scenario = scenario_a();
    scenario.name = "Log stays silent".into();
    scenario.line = 30;
    scenario.outcome = Outcome::NotDetected { reason: "the log shows no ERROR line".into() };
    scenario.signals = vec![
        signal(SignalKind::ExitCode, "13", "13", Some(0.4)),
        signal(SignalKind::Log, "an ERROR that names the path", "no ERROR line", None),
    ];
    scenario.rollback = None;
    scenario.phases = vec![phase(Phase::Detect, 0.4, 0.2), phase(Phase::Scenario, 9.4, 120.0)];
    scenario.proofs = Vec::new();
    scenario.steps[3].status = StepStatus::Failed;
    scenario.steps[4].status = StepStatus::Skipped;
    scenario.steps[5].status = StepStatus::Skipped;
    scenario
}

fn not_recovered() -> ScenarioRecord {
    let mut scenario = scenario_a();
    scenario.name = "Rollback that leaves a file behind".into();
    scenario.line = 48;
    scenario.outcome = Outcome::NotRecovered { reason: "the fingerprint proof does not hold: config differs".into() };
    scenario.rollback = Some(rollback(false));
    scenario.proofs = vec![fingerprint(&["config/jobs.yaml: 812 bytes, was 790"])];
    scenario.steps[5].status = StepStatus::Failed;
    scenario.kept = Some("/tmp/lighthunter-drill-c0de".into());
    scenario
}

fn skipped() -> ScenarioRecord {
    let mut scenario = night();
    scenario.name = "NightOps on real bars".into();
    scenario.line = 21;
    scenario.outcome = Outcome::Skipped { reason: "no directory of real bars was given".into() };
    scenario.seconds = 0.0;
    scenario.steps = Vec::new();
    scenario.evidence = Vec::new();
    scenario
}

fn phase(phase: Phase, seconds: f64, budget: f64) -> PhaseRecord {
    PhaseRecord { phase, seconds, budget: Some(budget) }
}

fn step(text: &str, status: StepStatus, seconds: f64) -> StepRecord {
    StepRecord { text: text.into(), status, seconds }
}

fn signal(kind: SignalKind, expected: &str, observed: &str, seconds: Option<f64>) -> SignalRecord {
    let duty = if expected == "no new record" { Duty::Silent } else { Duty::Show };
    SignalRecord { kind, duty, expected: expected.into(), observed: observed.into(), seen: seconds.is_some(), seconds }
}

fn rollback(succeeded: bool) -> RollbackRecord {
    RollbackRecord {
        layers: vec![Layer::Code, Layer::Config],
        to: "war-baseline-20251103".into(),
        succeeded,
        at_seconds: 5.6,
        seconds: 0.131,
        actions: vec!["git reset --hard war-baseline-20251103".into()],
    }
}

fn fingerprint(config_differences: &[&str]) -> ProofRecord {
    let proof = |layer, differences: &[&str]| LayerProof {
        layer,
        before: Digest::of(format!("{layer:?}")),
        after: Digest::of(format!("{layer:?}{}", differences.concat())),
        differences: differences.iter().map(|text| (*text).to_owned()).collect(),
        rollback_seconds: None,
    };
    ProofRecord {
        kind: "fingerprint".into(),
        holds: config_differences.is_empty(),
        layers: vec![
            proof(Layer::Code, &[]),
            proof(Layer::Config, config_differences),
            proof(Layer::Models, &[]),
            proof(Layer::Data, &[]),
            proof(Layer::Rest, &[]),
        ],
        seconds: 0.058,
    }
}

fn box_of(id: &str, text: &str, text_zh: &str, scenarios: &[&str]) -> ChecklistItem {
    ChecklistItem {
        id: id.into(),
        text: text.into(),
        text_zh: text_zh.into(),
        ticked: !scenarios.is_empty(),
        scenarios: scenarios.iter().map(|name| (*name).to_owned()).collect(),
        evidence: Vec::new(),
    }
}
