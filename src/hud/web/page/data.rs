//! The page of data: the tables, what the guardian found, and what was put aside.

use std::collections::BTreeMap;

use super::{
    View,
    table::{self, Cell},
    words::{NONE, count},
};
use crate::{chart::Markup, text::Phrase};

/// Writes the page.
pub(in crate::hud::web) fn data(view: &View<'_>) -> String {
    view.page("/data", view.say(Phrase::Data), |main, view| {
        view.write_fact(main, Phrase::Data, &view.facts.data.summary);
        let data = &view.facts.data.value;
        if !data.tables.is_empty() {
            let number = |phrase| (view.say(phrase), true);
            let heads = [
                (view.say(Phrase::Table), false),
                number(Phrase::Rows),
                number(Phrase::Days),
                (view.say(Phrase::First), false),
                (view.say(Phrase::Newest), false),
                number(Phrase::RowsOfNewest),
            ];
            let row = |table: &crate::hud::state::TableFacts| {
                let date =
                    |date: Option<jiff::civil::Date>| date.map_or_else(|| NONE.to_owned(), |date| date.to_string());
                vec![
                    Cell::text(table.table),
                    Cell::number(count(table.rows)),
                    Cell::number(count(table.partitions as u64)),
                    Cell::text(date(table.first)),
                    Cell::text(date(table.last)),
                    Cell::number(count(table.rows_last)),
                ]
            };
            table::write(main, view.say(Phrase::Data), &heads, data.tables.iter().map(row).collect());
        }
        view.write_heading(main, Phrase::Findings);
        if let Some(report) = &data.report {
            main.tag("p", &[("class", "source")], |line| {
                line.leaf("code", &[], report);
            });
        }
        write_counts(main, view, Phrase::Rule, Phrase::Findings, &data.findings);
        view.write_heading(main, Phrase::Quarantine);
        write_counts(main, view, Phrase::Reason, Phrase::Quarantine, &data.quarantined);
    })
}

fn write_counts(main: &mut Markup, view: &View<'_>, name: Phrase, label: Phrase, counts: &BTreeMap<String, u64>) {
    if counts.is_empty() {
        main.leaf("p", &[("class", "quiet")], view.say(Phrase::None));
        return;
    }
    let heads = [(view.say(name), false), (view.say(Phrase::Count), true)];
    let row = |(name, number): (&String, &u64)| vec![Cell::text(name.clone()), Cell::number(count(*number))];
    table::write(main, view.say(label), &heads, counts.iter().map(row).collect());
}
