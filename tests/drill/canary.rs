//! The planted secret: a target that writes it anywhere is seen to, and one that does not has none in its drill's
//! report.

use std::fs;

use lighthunter::record::Verdict;

use crate::{
    Check, Failed, require,
    shell::{Room, ended, said},
};

pub(crate) const CHECKS: &[Check] = &[
    ("a target that writes the planted secret is not Ready", leak_is_caught),
    ("a drill says how many files it searched for the planted secret", search_is_said),
];

fn leak_is_caught() -> Result<(), Failed> {
    let room = Room::with(|_| "printf '%s' \"$API_KEY\" | base64 > \"$TMPDIR/leak.txt\"\n".into(), |spec| spec)?;
    let output = ended(room.drill(&[]).spawn()?)?;
    require(output.status.code() == Some(1), || said(&output))?;
    let id = room.ids().pop().ok_or("no drill")?;
    let record = room.record(&id)?;
    let canary = record.conduct.canary.ok_or("nothing was searched")?;
    require(record.verdict == Verdict::NotReady, || record.verdict_reason.clone())?;
    require(canary.hits == ["tmp/leak.txt"], || format!("{:?}", canary.hits))?;
    require(record.verdict_reason.contains("tmp/leak.txt"), || record.verdict_reason.clone())?;
    let cases = fs::read_to_string(room.directory(&id).join("junit.xml"))?;
    require(cases.contains("type=\"Secret\""), || "the build server is not told".into())
}

fn search_is_said() -> Result<(), Failed> {
    let room = Room::new("0")?;
    let output = ended(room.drill(&[]).spawn()?)?;
    require(output.status.success(), || said(&output))?;
    let id = room.ids().pop().ok_or("no drill")?;
    let canary = room.record(&id)?.conduct.canary.ok_or("nothing was searched")?;
    require(canary.hits.is_empty() && canary.files > 50, || canary.to_string())?;
    for page in ["report.html", "report.md", "junit.xml"] {
        let text = fs::read_to_string(room.directory(&id).join(page))?;
        require(text.contains(&canary.to_string()), || format!("{page} does not say '{canary}'"))?;
    }
    Ok(())
}
