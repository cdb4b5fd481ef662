//! The page of accounts: worth, curve, positions, kill switches and alerts.

use super::{
    View,
    table::{self, Cell},
    words::{NONE, aged_words, change, count, maybe, money, percent},
};
use crate::{
    chart::{Markup, Panel, line},
    hud::state::{AccountFacts, PositionFacts},
    text::Phrase,
};

/// Writes the page.
pub(in crate::hud::web) fn accounts(view: &View<'_>) -> String {
    view.page("/accounts", view.say(Phrase::Accounts), |main, view| {
        view.write_fact(main, Phrase::Accounts, &view.facts.accounts.summary);
        for account in &view.facts.accounts.value {
            write_account(main, view, account);
        }
        view.write_heading(main, Phrase::Risk);
        view.write_summary(main, &view.facts.risk.summary);
        write_risk(main, view);
    })
}

fn write_account(main: &mut Markup, view: &View<'_>, account: &AccountFacts) {
    main.leaf("h2", &[], &account.account_id);
    let since = if account.nav_open > 0.0 { account.nav / account.nav_open - 1.0 } else { 0.0 };
    let figures = [
        (Phrase::Worth, money(account.nav)),
        (Phrase::Return, change(since)),
        (Phrase::Drawdown, percent(account.dd_total)),
        (Phrase::DrawdownOfDay, percent(account.dd_intraday)),
        (Phrase::Cash, money(account.cash)),
        (Phrase::Exposure, percent(account.gross_exposure)),
        (Phrase::LargestWeight, maybe(account.max_single_weight, percent)),
        (Phrase::Peak, money(account.nav_peak)),
    ];
    main.tag("dl", &[("class", "figures")], |list| {
        for (phrase, value) in &figures {
            list.tag("div", &[], |pair| {
                pair.leaf("dt", &[], view.say(*phrase)).leaf("dd", &[], value);
            });
        }
    });
    let run = format!("{} · {}", account.last_ts.replace('T', " "), account.run_id);
    main.leaf("p", &[("class", "quiet")], &run);
    main.part(&worth_and_fall(view, &account.curve));
    write_positions(main, view, &account.positions);
}

/// Draws the worth and its fall from the peak.
pub(super) fn worth_and_fall(view: &View<'_>, curve: &[crate::hud::state::Point]) -> Markup {
    if curve.len() < 2 {
        return Markup::new();
    }
    let values: Vec<f64> = curve.iter().map(|point| point.nav).collect();
    let mut peak = f64::NEG_INFINITY;
    let falls: Vec<f64> = values
        .iter()
        .map(|value| {
            peak = peak.max(*value);
            if peak > 0.0 { value / peak - 1.0 } else { 0.0 }
        })
        .collect();
    // Of an instant within a day the time says enough.
    let label = |at: &str| at.split_once('T').map_or(at, |(_, time)| time.get(..5).unwrap_or(time)).to_owned();
    let points: Vec<String> = curve.iter().map(|point| label(&point.at)).collect();
    let worth = Panel {
        caption: view.say(Phrase::Worth),
        class: "nav",
        height: 180.0,
        values: &values,
        filled: false,
        words: |value| count(value.max(0.0).round() as u64),
    };
    let fall = Panel {
        caption: view.say(Phrase::Drawdown),
        class: "fall",
        height: 70.0,
        values: &falls,
        filled: true,
        words: |value| format!("{:.1} %", value * 100.0),
    };
    line(view.say(Phrase::Curve), &points, &[worth, fall])
}

fn write_positions(main: &mut Markup, view: &View<'_>, positions: &[PositionFacts]) {
    main.leaf("h3", &[], view.say(Phrase::Positions));
    if positions.is_empty() {
        main.leaf("p", &[("class", "quiet")], view.say(Phrase::None));
        return;
    }
    let number = |phrase| (view.say(phrase), true);
    let heads = [
        (view.say(Phrase::Symbol), false),
        number(Phrase::Shares),
        number(Phrase::Sellable),
        number(Phrase::Price),
        number(Phrase::Value),
        number(Phrase::Cost),
        number(Phrase::Weight),
    ];
    let row = |position: &PositionFacts| {
        vec![
            Cell::text(position.symbol.clone()),
            Cell::number(count(position.shares.unsigned_abs())),
            Cell::number(count(position.sellable.unsigned_abs())),
            Cell::number(maybe(position.price, money)),
            Cell::number(maybe(position.worth, money)),
            Cell::number(money(position.cost)),
            Cell::number(maybe(position.weight, percent)),
        ]
    };
    table::write(main, view.say(Phrase::Positions), &heads, positions.iter().map(row).collect());
}

fn write_risk(main: &mut Markup, view: &View<'_>) {
    let risk = &view.facts.risk.value;
    if !risk.switches.is_empty() {
        main.leaf("h3", &[], view.say(Phrase::KillSwitches));
        let heads =
            [Phrase::Account, Phrase::When, Phrase::Status, Phrase::Reason].map(|phrase| (view.say(phrase), false));
        let row = |switch: &crate::hud::state::SwitchFacts| {
            let state = match (&switch.released_at, &switch.released_by) {
                (Some(at), by) => format!("{} {at} {}", view.say(Phrase::Released), by.as_deref().unwrap_or(NONE)),
                (None, _) => view.say(Phrase::InForce).to_owned(),
            };
            vec![
                Cell::text(switch.account_id.clone()),
                Cell::Part(aged_words(&switch.tripped_at, view.facts.at, view.language)),
                Cell::text(state),
                Cell::text(switch.reason.say(view.language)),
            ]
        };
        table::write(main, view.say(Phrase::KillSwitches), &heads, risk.switches.iter().map(row).collect());
    }
    if !risk.alerts.is_empty() {
        main.leaf("h3", &[], view.say(Phrase::Alerts));
        let heads = [Phrase::When, Phrase::Level, Phrase::Message].map(|phrase| (view.say(phrase), false));
        let row = |alert: &crate::hud::state::AlertFacts| {
            vec![
                Cell::Part(aged_words(&alert.ts, view.facts.at, view.language)),
                Cell::text(alert.level.say(view.language)),
                Cell::text(alert.message.say(view.language)),
            ]
        };
        table::write(main, view.say(Phrase::Alerts), &heads, risk.alerts.iter().map(row).collect());
    }
}
