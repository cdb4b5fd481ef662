//! Writers that do it wrong on purpose, as this system does not: the sweep that does not see them is blind.

use std::{fs, path::Path};

use lighthunter::durable;

use crate::{
    hand::Hand,
    writers::{Promise, Writer, require, text, tidy},
};

/// Writes in place, links by removing first, renames without a sync.
pub(crate) const NAIVE: [Writer; 3] = [
    Writer { name: "naive: write in place", work: naive_in_place, recover: naive_again, check: naive_check },
    Writer { name: "naive: link removed first", work: naive_link, recover: naive_link_again, check: naive_link_check },
    Writer { name: "naive: rename without sync", work: naive_rename, recover: naive_again, check: naive_check },
];

fn naive_in_place(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        hand.step(format!("{step}"), || {
            let path = root.join("value");
            let file = durable::open_appendable(&path)?;
            durable::truncate(&file, &path, 0)?;
            durable::append_unsynced(&file, &path, format!("{step:09}").as_bytes())?;
            durable::sync_file(&file, &path)
        });
    }
}

fn naive_rename(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        hand.step(format!("{step}"), || {
            let (draft, path) = (root.join("draft"), root.join("value"));
            if draft.exists() {
                durable::remove_file(&draft)?;
            }
            let file = durable::open_appendable(&draft)?;
            durable::append_unsynced(&file, &draft, format!("{step:09}").as_bytes())?;
            durable::publish_file(&draft, &path)
        });
    }
}

fn naive_again(root: &Path, _hand: &mut Hand) {
    tidy(root);
}

fn naive_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    let found = text(&root.join("value"));
    let step: Option<usize> = (found.len() == 9).then(|| found.parse().ok()).flatten();
    require(step >= last.parse().ok(), || format!("ACK: '{found}' after {last}"))
}

fn naive_link(root: &Path, hand: &mut Hand, steps: usize) {
    for step in 1..=steps {
        let link = root.join("current");
        hand.step(format!("{step}"), || {
            if link.symlink_metadata().is_ok() {
                durable::remove_file(&link)?;
            }
            durable::point(&link, Path::new(&step.to_string()))
        });
    }
}

fn naive_link_again(root: &Path, _hand: &mut Hand) {
    tidy(root);
}

fn naive_link_check(root: &Path, promise: &Promise) -> Result<(), String> {
    let Some(last) = promise.acknowledged.last() else { return Ok(()) };
    fs::read_link(root.join("current")).map(drop).map_err(|error| format!("POINT: current after {last}: {error}"))
}
