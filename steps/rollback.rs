//! The way back and its proof.

use std::str::FromStr;

use cucumber::{Parameter, given, then, when};
use lighthunter::{
    drill::{Step, World},
    record::Layer,
    rollback::LAYERS,
};

/// A layer, by its name for people.
#[derive(Clone, Copy, Parameter)]
#[param(name = "layer", regex = "code|config|model|data")]
struct LayerName(Layer);

impl FromStr for LayerName {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = LAYERS.into_iter().find(|layer| lighthunter::rollback::name_of(*layer) == word);
        found.map(Self).ok_or_else(|| format!("'{word}' is not a layer"))
    }
}

#[given("a baseline")]
fn baseline(world: &mut World) -> Step {
    world.expect_clean()?;
    world.set_baseline()
}

#[given("a fingerprint to come back to")]
fn fingerprint(world: &mut World) -> Step {
    world.set_baseline_of_head()
}

#[when("the code is rolled back to the baseline")]
fn rolled_back(world: &mut World) -> Step {
    world.roll_back()
}

#[when("a rollback to the baseline is tried")]
fn tried(world: &mut World) -> Step {
    world.try_to_roll_back(None)
}

#[when(expr = "a rollback to {string} is tried")]
fn tried_to(world: &mut World, to: String) -> Step {
    world.try_to_roll_back(Some(&to))
}

#[when("a drill of this workspace is tried")]
fn drill_tried(world: &mut World) -> Step {
    world.try_to_drill_here()
}

#[given(expr = "a recorded baseline {string}")]
fn recorded_baseline(world: &mut World, name: String) -> Step {
    world.record_baseline(&name)
}

#[when(expr = "the stores are damaged")]
fn stores_damaged(world: &mut World) -> Step {
    world.damage_data()
}

#[when(expr = "a worse model is put in force")]
fn worse_model(world: &mut World) -> Step {
    world.put_worse_model_in_force()
}

#[when(expr = "the change is committed as {string}")]
fn change_committed(world: &mut World, message: String) -> Step {
    world.commit_change(&message)
}

#[when(expr = "the {layer} layer is rolled back to the recorded baseline")]
fn layer_rolled_back(world: &mut World, layer: LayerName) -> Step {
    world.roll_layers_back(&[layer.0])
}

#[when("all layers are rolled back to the recorded baseline")]
fn all_layers_rolled_back(world: &mut World) -> Step {
    world.roll_layers_back(&LAYERS)
}

#[when("a rollback of all layers is killed in the middle")]
fn rollback_killed(world: &mut World) -> Step {
    world.kill_rollback()
}

#[when("the rollback is resumed")]
fn rollback_resumed(world: &mut World) -> Step {
    world.resume_rollback()
}

#[when("the config and the code move on")]
fn moved_on(world: &mut World) -> Step {
    world.move_on()
}

#[when("the config pins the baseline's model")]
fn model_pinned(world: &mut World) -> Step {
    world.pin_baseline_model()
}

#[then(expr = "the last commit says {string}")]
fn commit_says(world: &mut World, words: String) -> Step {
    world.expect_commit_message(&words)
}

#[then("its result is not the baseline's")]
fn other_result(world: &mut World) -> Step {
    world.expect_other_result()
}

#[then(expr = "every mix of {string} and {string} runs or refuses with a clear error")]
fn mixed_states(world: &mut World, old: String, new: String) -> Step {
    world.walk_mixed_states(&old, &new)
}

#[then("the fingerprint proof holds")]
fn proof_holds(world: &mut World) -> Step {
    world.expect_proof()
}

#[then("the state is the baseline's")]
fn state_is_the_baselines(world: &mut World) -> Step {
    world.expect_baseline_state()
}

#[then(expr = "the rollback says {string}")]
fn says(world: &mut World, words: String) -> Step {
    world.expect_said(&words)
}

#[then(expr = "it is refused with code {int}: {string}")]
fn refused(world: &mut World, code: u8, words: String) -> Step {
    world.expect_refusal(code, &words)
}

#[then("nothing was touched")]
fn nothing_touched(world: &mut World) -> Step {
    world.expect_nothing_touched()
}

#[then(regex = "^it was (?:detected|recovered) within the budget$")]
fn within_budget(world: &mut World) -> Step {
    world.expect_within_budget()
}

#[then("the times of detection, rollback and proof are recorded")]
fn times_recorded(world: &mut World) -> Step {
    world.expect_times_recorded()
}
