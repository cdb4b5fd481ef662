//! The rollback: everything that could refuse is asked first, the intent is written, the layers are taken
//! back one after the other, and the end is proven against the baseline. Killed anywhere, it goes on.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{
    Baseline, PointerNote, RollbackError, RollbackIntent, Site, StopAt,
    baseline::{DataCopy, baseline},
    history,
    intent::{self, unfinished},
    kept_models::KeptModels,
    layers::{LAYERS, check_tags, compare_layers, scope_of},
    stored::StoredFiles,
};
use crate::{
    clock::{Stopwatch, pause},
    record::{Layer, LayerProof, ProofRecord, RollbackRecord},
    vault::{STALE_AFTER_SECONDS, Vault, VaultError},
};

/// Where edits are saved before they are taken back.
pub const RESCUE: &str = "refs/lighthunter/rescue";

/// How often a lock that may be our own of before the kill is looked at again.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a rollback takes back.
#[derive(Debug, Clone, Copy)]
pub struct RollbackOptions<'a> {
    /// The baseline's name, or `previous` for the newest.
    pub to: &'a str,
    /// The layers, of [`LAYERS`].
    pub layers: &'a [Layer],
    /// Only says what would be done.
    pub dry_run: bool,
}

/// What a rollback did, with its proof.
#[derive(Debug, Clone, PartialEq)]
pub struct RolledBack {
    /// What was done.
    pub rollback: RollbackRecord,
    /// The layers against the baseline.
    pub proof: ProofRecord,
    /// The seconds that each layer took.
    pub seconds: BTreeMap<Layer, f64>,
    /// Where edits and later commits were saved, if there were any.
    pub rescue: Option<String>,
    /// Nothing was touched.
    pub dry_run: bool,
}

/// What a rollback works with once nothing refuses it.
struct Work<'a> {
    site: Site<'a>,
    vault: Vault,
    baseline: Baseline,
    copy: DataCopy,
    watch: Stopwatch,
    actions: Vec<String>,
    seconds: BTreeMap<Layer, f64>,
}

/// Takes layers of the workspace back to a baseline, in one step that a kill cannot break. After an
/// interrupted rollback to the same state it goes on; one of all four layers may take another's place.
///
/// # Errors
/// With nothing touched: what [`RollbackError`] has before `Incomplete`. After the first act everything is
/// `Incomplete` or `NotProven`, and the intent stays.
pub fn roll_back(site: Site<'_>, options: RollbackOptions<'_>, step: StopAt<'_>) -> Result<RolledBack, RollbackError> {
    let root = site.root();
    let layers: Vec<Layer> = LAYERS.into_iter().filter(|layer| options.layers.contains(layer)).collect();
    let whole = layers.len() == LAYERS.len();
    let mut work = Work::begin(site, options.to)?;
    // Under the locks no other rollback is at work, so an intent is of one that died.
    let _locks = site.lock("rollback")?;
    match unfinished(root) {
        Ok(None) => {}
        Ok(Some(intent)) if intent.to == work.baseline.name && intent.layers == layers && !options.dry_run => {
            return work.go_on(intent, step);
        }
        // All four layers say what everything becomes, whatever lies in between.
        Ok(Some(_)) | Err(_) if whole && !options.dry_run => {
            work.actions.push("took the place of a rollback that was interrupted".into());
        }
        Ok(Some(_)) | Err(_) => intent::require_none(root)?,
    }
    work.preflight(&layers)?;
    if options.dry_run {
        return work.foresee(layers);
    }
    let intent = work.plan(layers, step)?;
    work.finish(intent, step)
}

/// Goes on with the rollback that was interrupted.
///
/// # Errors
/// `NothingToResume`; as [`roll_back`].
pub fn resume(site: Site<'_>, step: StopAt<'_>) -> Result<RolledBack, RollbackError> {
    let _locks = site.lock("rollback --resume")?;
    let intent = unfinished(site.root())?.ok_or_else(|| RollbackError::NothingToResume(site.root().into()))?;
    // A power cut may have left the index that was being written without its bytes.
    Vault::open(site.root())?.mend_index()?;
    Work::begin(site, &intent.to)?.go_on(intent, step)
}

impl<'a> Work<'a> {
    fn begin(site: Site<'a>, name: &str) -> Result<Self, RollbackError> {
        let watch = Stopwatch::start();
        let vault = Vault::open(site.root())?;
        let baseline = baseline(site.root(), name)?;
        let copy = StoredFiles::of(site.root(), &baseline.data).copy()?;
        Ok(Self { site, vault, baseline, copy, watch, actions: Vec::new(), seconds: BTreeMap::new() })
    }

    fn stored(&self) -> StoredFiles<'_> {
        StoredFiles::of(self.site.root(), &self.baseline.data)
    }

    /// Asks everything that could refuse, touching nothing.
    fn preflight(&self, layers: &[Layer]) -> Result<(), RollbackError> {
        history::require_idle(&self.stored().ledger_place())?;
        if scope_of(layers).is_some() {
            check_tags(&self.vault, &self.baseline)?;
            self.vault.preflight_reset(&self.baseline.code.commit, self.site.clock)?;
        }
        if layers.contains(&Layer::Models) {
            KeptModels::of(self.site.root(), &self.baseline.models).preflight(self.site)?;
        }
        if layers.contains(&Layer::Data) {
            self.stored().preflight(&self.copy)?;
        }
        Ok(())
    }

    /// Says what would be done.
    fn foresee(self, layers: Vec<Layer>) -> Result<RolledBack, RollbackError> {
        let proofs = compare_layers(self.site, &self.baseline, &self.copy, &layers)?;
        let actions = proofs
            .iter()
            .map(|proof| match proof.differences.len() {
                0 => format!("{}: nothing to take back", name_of(proof.layer)),
                count => format!("{}: {count} to take back", name_of(proof.layer)),
            })
            .collect();
        let proof = proof_of(proofs, self.watch.seconds());
        Ok(RolledBack {
            rollback: RollbackRecord {
                layers,
                to: self.baseline.name,
                succeeded: proof.holds,
                at_seconds: 0.0,
                seconds: self.watch.seconds(),
                actions,
            },
            proof,
            seconds: self.seconds,
            rescue: None,
            dry_run: true,
        })
    }

    /// Saves what would be lost, plans the commit and writes the intent. Until the intent is on disk nothing
    /// that a person sees has changed.
    fn plan(&mut self, layers: Vec<Layer>, step: StopAt<'_>) -> Result<RollbackIntent, RollbackError> {
        let (root, at) = (self.site.root(), self.site.clock.now());
        let id = format!("rollback_{}", at.strftime("%Y%m%d_%H%M%S_%6f"));
        let (mut rescue, mut to_commit) = (None, None);
        if let Some(scope) = scope_of(&layers) {
            let config_only = !layers.contains(&Layer::Code);
            let (part, tag) =
                if config_only { ("config", &self.baseline.config.tag) } else { ("code", &self.baseline.code.tag) };
            step("save the edits");
            let reference = format!("{RESCUE}/{id}");
            if let Some(files) = self.vault.save_edits(tag, scope, &reference, at)? {
                let what = if files.is_empty() { "later commits".into() } else { files.join(", ") };
                self.actions.push(format!("saved {what} as {reference} (git stash apply {reference})"));
                rescue = Some(reference);
            }
            step("plan the commit");
            to_commit = Some(self.vault.plan_restore(tag, scope, &format!("rollback: revert {part} to {tag}"), at)?);
        }
        let intent = RollbackIntent {
            id,
            to: self.baseline.name.clone(),
            layers,
            started_at: at,
            by: self.site.by.into(),
            from_commit: self.vault.head()?,
            to_commit,
            rescue,
        };
        step("write the intent");
        intent::write(root, &intent)?;
        Ok(intent)
    }

    fn go_on(mut self, intent: RollbackIntent, step: StopAt<'_>) -> Result<RolledBack, RollbackError> {
        self.actions.push(format!("resumed the rollback to {} of {}", intent.to, intent.started_at));
        self.finish(intent, step)
    }

    /// Acts, proves, and removes the intent.
    fn finish(mut self, intent: RollbackIntent, step: StopAt<'_>) -> Result<RolledBack, RollbackError> {
        let to = intent.to.clone();
        let incomplete = |cause| RollbackError::Incomplete { to: to.clone(), cause: Box::new(cause) };
        self.act(&intent, step).map_err(incomplete)?;
        step("prove the state");
        let proving = Stopwatch::start();
        let proof = self.prove(&intent, proving).map_err(incomplete)?;
        if !proof.holds {
            return Err(RollbackError::NotProven { to: intent.to, differences: differences_of(&proof) });
        }
        self.actions.push(format!("fingerprint proof holds ({} layers)", proof.layers.len()));
        let seconds = self.watch.seconds();
        step("record the rollback");
        history::record(&self.stored(), &intent, self.site, &proof);
        step("remove the intent");
        intent::remove(self.site.root()).map_err(incomplete)?;
        Ok(RolledBack {
            rollback: RollbackRecord {
                layers: intent.layers,
                to: intent.to,
                succeeded: true,
                at_seconds: 0.0,
                seconds,
                actions: self.actions,
            },
            proof,
            seconds: self.seconds,
            rescue: intent.rescue,
            dry_run: false,
        })
    }

    fn act(&mut self, intent: &RollbackIntent, step: StopAt<'_>) -> Result<(), RollbackError> {
        if let (Some(scope), Some(commit)) = (scope_of(&intent.layers), &intent.to_commit) {
            let watch = Stopwatch::start();
            let removed = self.clear_locks(intent.started_at)?;
            self.actions.extend(removed);
            let files = self.vault.restore(commit, scope, step)?;
            self.actions.push(format!("HEAD is at {commit:.12}, {} files taken back", files.len()));
            let layer = if intent.layers.contains(&Layer::Code) { Layer::Code } else { Layer::Config };
            self.seconds.insert(layer, watch.seconds());
        }
        if intent.layers.contains(&Layer::Models) {
            let watch = Stopwatch::start();
            self.take_models_back(intent, step)?;
            self.seconds.insert(Layer::Models, watch.seconds());
        }
        if intent.layers.contains(&Layer::Data) {
            let watch = Stopwatch::start();
            let aside = self.site.root().join("data/quarantine").join(&intent.id);
            let said = self.stored().restore(&self.copy, &aside, step)?;
            self.actions.push(said);
            self.seconds.insert(Layer::Data, watch.seconds());
        }
        Ok(())
    }

    /// Removes stale locks of git. One that was made since the rollback `began` may be our own of before the kill,
    /// which is dead, since we have its locks: it goes at once where nobody else is at work in the repository, and
    /// is waited for otherwise until it counts as left behind.
    fn clear_locks(&self, began: Timestamp) -> Result<Vec<String>, RollbackError> {
        let watch = Stopwatch::start();
        loop {
            match self.vault.clear_locks_of_the_dead(began, self.site.clock) {
                Err(VaultError::Locked { .. }) if watch.seconds() < STALE_AFTER_SECONDS as f64 + 1.0 => {
                    pause(LOOK_EVERY);
                }
                cleared => return Ok(cleared?),
            }
        }
    }

    fn take_models_back(&mut self, intent: &RollbackIntent, step: StopAt<'_>) -> Result<(), RollbackError> {
        let layer = &self.baseline.models;
        let models = self.site.workspace.path(&layer.directory);
        let reason = format!("rollback to {}", intent.to);
        let note = PointerNote { at: self.site.clock.now(), by: &intent.by, reason: &reason };
        let pointers = self.site.models;
        let aside = self.site.root().join("data/quarantine").join(&intent.id);
        self.actions.extend(KeptModels::of(self.site.root(), layer).restore(&aside, step)?);
        // The folder of a whole job may be gone, or have been.
        let mut jobs = pointers.jobs(&models).map_err(RollbackError::Models)?;
        jobs.extend(layer.jobs.keys().cloned());
        jobs.sort();
        jobs.dedup();
        for job in jobs {
            let wanted = layer.jobs.get(&job).map(|model| model.id.as_str());
            // A pointer that is not sound is what is to be mended here.
            let current = pointers.current(&models, &job).ok();
            match wanted {
                _ if current.as_ref().is_some_and(|current| current.as_deref() == wanted) => {}
                Some(id) => {
                    step(&format!("put {job}/{id} in force"));
                    pointers.take_back(&models, &job, id, &note).map_err(RollbackError::Models)?;
                    self.actions.push(format!("{job}/{id} is in force again"));
                }
                None => {
                    step(&format!("take the pointer of {job} away"));
                    pointers.withdraw(&models, &job).map_err(RollbackError::Models)?;
                    self.actions.push(format!("{job} has no model in force, as at the baseline"));
                }
            }
        }
        Ok(())
    }

    fn prove(&self, intent: &RollbackIntent, watch: Stopwatch) -> Result<ProofRecord, RollbackError> {
        let mut proofs = compare_layers(self.site, &self.baseline, &self.copy, &intent.layers)?;
        if let (Some(scope), Some(commit)) = (scope_of(&intent.layers), &intent.to_commit) {
            let found = self.vault.restore_differences(commit, scope)?;
            if let Some(first) = proofs.first_mut() {
                first.differences.extend(found);
            }
        }
        Ok(proof_of(proofs, watch.seconds()))
    }
}

fn proof_of(layers: Vec<LayerProof>, seconds: f64) -> ProofRecord {
    // A proof of nothing proves nothing.
    let equal = |proof: &LayerProof| proof.before == proof.after && proof.differences.is_empty();
    let holds = !layers.is_empty() && layers.iter().all(equal);
    ProofRecord { kind: "fingerprint".into(), holds, layers, seconds }
}

fn differences_of(proof: &ProofRecord) -> String {
    let lines = proof
        .layers
        .iter()
        .flat_map(|layer| layer.differences.iter().map(move |line| format!("{}: {line}", name_of(layer.layer))));
    lines.collect::<Vec<_>>().join("; ")
}

/// Returns a layer's name for people, as `--only` takes it.
#[must_use]
pub const fn name_of(layer: Layer) -> &'static str {
    match layer {
        Layer::Code => "code",
        Layer::Config => "config",
        Layer::Models => "model",
        Layer::Data => "data",
        Layer::Rest => "rest",
    }
}
