//! The lanes of a drill: scenarios are taken one by one from a queue, each through a runner of its own, by as
//! many threads as are asked for. A step blocks its thread and no other. The states that scenarios start
//! from are made once, by whoever needs them first.

use std::{
    collections::VecDeque,
    panic,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use cucumber::{
    Cucumber, Parser, World as _, cli, event::ScenarioFinished, gherkin, parser, runner::Basic, step::Collection,
};
use futures::{FutureExt as _, stream};

use super::{
    DrillError, World,
    recorder::{Recorder, Records, file_of},
    session::Session,
};
use crate::record::ScenarioRecord;

/// Hands over features that are parsed already.
struct Parsed;

impl Parser<Vec<gherkin::Feature>> for Parsed {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<gherkin::Feature>>>;

    fn parse(self, features: Vec<gherkin::Feature>, _: cli::Empty) -> Self::Output {
        stream::iter(features.into_iter().map(Ok).collect::<Vec<_>>())
    }
}

/// Runs every scenario, or those that a drill comes to before it is interrupted; the records are in the order
/// in which scenarios ended.
pub(super) fn run_all(
    features: &[gherkin::Feature],
    session: &Arc<Session>,
) -> Result<Vec<ScenarioRecord>, DrillError> {
    let queue: Mutex<VecDeque<gherkin::Feature>> = Mutex::new(features.iter().flat_map(alone).collect());
    let count = queue.lock().unwrap_or_else(PoisonError::into_inner).len();
    let records: Records = Arc::new(Mutex::default());
    let steps = World::collection();
    let lane = || -> Result<(), DrillError> {
        while session.options.interruption.signal().is_none() {
            // Bound by itself: the lock must not be held while the scenario runs.
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(feature) = next else { break };
            run_one(feature, session, &steps, &records)?;
        }
        Ok(())
    };
    let ended = silently(|| {
        thread::scope(|scope| {
            let lanes: Vec<_> = (0..session.options.jobs.clamp(1, count.max(1))).map(|_| scope.spawn(lane)).collect();
            lanes.into_iter().map(|lane| lane.join().unwrap_or(Err(DrillError::Lane))).collect()
        })
    });
    let ended: Result<Vec<()>, DrillError> = ended;
    ended?;
    let records = std::mem::take(&mut *records.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(records)
}

/// Runs without the words of panics: a step that does not hold panics, and its words go to the record. Each
/// runner takes the process's hook and puts it back, in any order, so the hook is the same before and
/// after them all.
fn silently<T>(run: impl FnOnce() -> T) -> T {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let done = run();
    panic::set_hook(hook);
    done
}

/// Returns the feature once for each of its scenarios, with that one alone.
fn alone(feature: &gherkin::Feature) -> Vec<gherkin::Feature> {
    let mut bare = feature.clone();
    bare.scenarios.clear();
    bare.rules.clear();
    let own = feature.scenarios.iter().map(|scenario| {
        let mut one = bare.clone();
        one.scenarios.push(scenario.clone());
        one
    });
    let ruled = feature.rules.iter().flat_map(|rule| {
        let bare = &bare;
        rule.scenarios.iter().map(move |scenario| {
            let mut one = bare.clone();
            let mut rule = rule.clone();
            rule.scenarios = vec![scenario.clone()];
            one.rules.push(rule);
            one
        })
    });
    own.chain(ruled).collect()
}

fn run_one(
    feature: gherkin::Feature,
    session: &Arc<Session>,
    steps: &Collection<World>,
    records: &Records,
) -> Result<(), DrillError> {
    let shared = Arc::clone(session);
    let recorder = Recorder::new(Arc::clone(session), Arc::clone(records));
    let run = Cucumber::<World, _, _, _, _, cli::Empty>::custom(Parsed, Basic::default(), recorder)
        .steps(steps.clone())
        .max_concurrent_scenarios(1)
        .before(move |feature, _, scenario, world| {
            world.begin(Arc::clone(&shared), (file_of(feature), scenario.position.line), &scenario.name);
            async {}.boxed_local()
        })
        .after(|_, _, _, finished, world| {
            if let Some(world) = world {
                world.end(!matches!(finished, ScenarioFinished::StepPassed));
            }
            async {}.boxed_local()
        })
        .fail_on_skipped()
        .with_default_cli()
        .run(vec![feature]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| DrillError::Start { program: "the runner".into(), source })?;
    runtime.block_on(run);
    Ok(())
}
