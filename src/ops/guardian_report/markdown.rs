//! The guardian's report as Markdown, the verdict first.

use std::fmt::Write as _;

use super::{
    blocks::{Table, blocks, facts, figures, verdict},
    words::Word,
};
use crate::{
    data::guardian::omega::Omega,
    text::{Language, Note},
};

/// Returns `data_guardian_omega_<start>_<end>.md`.
pub(super) fn markdown(omega: &Omega, language: Language) -> String {
    let mut text = format!("# {}\n\n", verdict(omega, language));
    let total = super::blocks::number(omega.global.score.total);
    let _ = writeln!(text, "**{}**", Note::new(Word::ScoreOf, [&total]).say(language));
    if let Some(refusal) = &omega.refusal {
        let _ = write!(text, "\n{refusal}\n");
    }
    let _ = write!(text, "\n{}\n\n", facts(omega, language));
    for (name, value) in figures(omega, language) {
        let _ = writeln!(text, "- {name}: {value}");
    }
    for block in blocks(omega, language) {
        let _ = writeln!(text, "\n## {}", block.title);
        for sentence in &block.sentences {
            let _ = write!(text, "\n{sentence}\n");
        }
        if let Some(table) = &block.table {
            write_table(&mut text, table);
        }
    }
    text
}

fn write_table(text: &mut String, table: &Table) {
    let heads: Vec<&str> = table.heads.iter().map(|(head, _)| *head).collect();
    let rule: Vec<&str> = table.heads.iter().map(|(_, is_number)| if *is_number { "---:" } else { "---" }).collect();
    let _ = write!(text, "\n| {} |\n| {} |\n", heads.join(" | "), rule.join(" | "));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}
