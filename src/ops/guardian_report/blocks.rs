//! The report's parts as headings, sentences and tables, so that Markdown and HTML say the same.

use super::{rules, words::Word};
use crate::{
    data::guardian::{
        Rule,
        omega::{Omega, Worst},
    },
    text::{Language, Note},
};

/// A table: its columns, of which the numbers stand right, and its rows.
pub(super) struct Table {
    pub(super) heads: Vec<(&'static str, bool)>,
    pub(super) rows: Vec<Vec<String>>,
}

/// A part of the report.
pub(super) struct Block {
    pub(super) title: &'static str,
    pub(super) sentences: Vec<String>,
    pub(super) table: Option<Table>,
}

/// Returns the verdict in a few words.
pub(super) fn verdict(omega: &Omega, language: Language) -> &'static str {
    if omega.passed { Word::Passed.say(language) } else { Word::Refused.say(language) }
}

/// Returns the facts below the verdict.
pub(super) fn facts(omega: &Omega, language: Language) -> String {
    let meta = &omega.meta;
    Note::new(
        Word::Facts,
        [&meta.rows, &omega.global.symbols_count, &meta.start, &meta.end, &meta.hard_rows, &meta.soft_rows],
    )
    .say(language)
}

/// Returns the scores, in words.
pub(super) fn figures(omega: &Omega, language: Language) -> Vec<(&'static str, String)> {
    let score = &omega.global.score;
    let source = score.source.map_or_else(|| Word::NotCompared.say(language).to_owned(), number);
    vec![
        (Word::Total.say(language), number(score.total)),
        (Word::Coverage.say(language), number(score.coverage)),
        (Word::Source.say(language), source),
        (Word::Value.say(language), number(score.value)),
        (Word::Consistency.say(language), number(score.consistency)),
    ]
}

/// Returns the parts below the scores.
pub(super) fn blocks(omega: &Omega, language: Language) -> Vec<Block> {
    let say = |word: Word| word.say(language);
    let mut blocks = vec![findings(omega, language), sources(omega, language)];
    if !omega.agreement.anomalies.is_empty() {
        blocks.push(anomalies(omega, language));
    }
    let worst = &omega.top_worst;
    blocks.extend([
        ranked(say(Word::WorstSymbols), &worst.by_score, language),
        ranked(say(Word::WorstDates), &worst.by_date, language),
        ranked(say(Word::WorstFields), &worst.by_field, language),
        ranked(say(Word::WorstSources), &worst.by_source, language),
    ]);
    blocks.retain(|block| block.table.as_ref().is_none_or(|table| !table.rows.is_empty()));
    blocks.push(about(omega, language));
    blocks
}

fn findings(omega: &Omega, language: Language) -> Block {
    let say = |word: Word| word.say(language);
    if omega.counts.is_empty() {
        let sentences = vec![say(Word::NoFinding).to_owned()];
        return Block { title: say(Word::Findings), sentences, table: None };
    }
    let row = |(rule, count): (&Rule, &usize)| {
        vec![rule.name().to_owned(), rules::meaning(*rule, language).to_owned(), count.to_string()]
    };
    let rows = omega.counts.iter().map(row).collect();
    let heads = vec![(say(Word::Rule), false), (say(Word::Meaning), false), (say(Word::Count), true)];
    Block { title: say(Word::Findings), sentences: Vec::new(), table: Some(Table { heads, rows }) }
}

fn sources(omega: &Omega, language: Language) -> Block {
    let say = |word: Word| word.say(language);
    let agreement = &omega.agreement;
    let mut sentences = Vec::new();
    if agreement.compared == 0 {
        sentences.push(say(Word::OneSource).to_owned());
    }
    let (mut rows, mut is_first) = (Vec::new(), true);
    for (name, source) in &agreement.sources {
        if std::mem::take(&mut is_first) && agreement.compared > 0 {
            let percent = number(omega.meta.diff_threshold * 100.0);
            sentences.push(Note::new(Word::HeldAgainst, [&omega.meta.reference, &percent]).say(language));
        }
        let latency = source.latency_seconds.map_or_else(
            || Word::LatencyUnknown.into(),
            |seconds| Note::new(Word::LatencyKnown, [&number(seconds / 60.0), &source.late]),
        );
        let values: [&dyn crate::text::Speak; 5] = [name, &source.rows, &source.symbols, &source.restated, &latency];
        sentences.push(Note::new(Word::Latency, values).say(language));
        for (field, own) in &source.fields {
            let bias = own.bias.map_or_else(String::new, |bias| format!("{:+.4} %", bias * 100.0));
            let counts =
                [own.values, own.compared, own.differ, own.anomalies, own.faulty].map(|count| count.to_string());
            let mut row = vec![name.clone(), (*field).to_owned()];
            row.extend(counts);
            row.extend([bias, number(own.score)]);
            rows.push(row);
        }
    }
    let words = [Word::SourceHead, Word::Field, Word::Values, Word::Compared, Word::Differ, Word::Anomalies];
    let words = words.into_iter().chain([Word::Faulty, Word::Bias, Word::Score]);
    let heads = words.enumerate().map(|(place, word)| (say(word), place > 1)).collect();
    let table = (!rows.is_empty()).then_some(Table { heads, rows });
    Block { title: say(Word::Sources), sentences, table }
}

fn anomalies(omega: &Omega, language: Language) -> Block {
    let say = |word: Word| word.say(language);
    let rows = omega.agreement.anomalies.iter().map(|anomaly| {
        let (date, symbol) = (anomaly.date.to_string(), anomaly.symbol.to_string());
        let values = [anomaly.value, anomaly.reference].map(|value| value.to_string());
        let mut row = vec![date, symbol, anomaly.source.clone(), anomaly.field.to_owned()];
        row.extend(values);
        row
    });
    let words = [Word::Date, Word::Symbol, Word::SourceHead, Word::Field, Word::Says, Word::Reference];
    let heads = words.into_iter().enumerate().map(|(place, word)| (say(word), place > 3)).collect();
    let table = Table { heads, rows: rows.collect() };
    Block { title: say(Word::FarthestOff), sentences: Vec::new(), table: Some(table) }
}

fn ranked<K: ToString>(title: &'static str, worst: &[Worst<K>], language: Language) -> Block {
    let say = |word: Word| word.say(language);
    let rows = worst.iter().map(|worst| {
        let why: Vec<String> = worst.why.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
        vec![worst.of.to_string(), number(worst.score), why.join(", ")]
    });
    let heads = vec![(say(Word::Of), false), (say(Word::Score), true), (say(Word::Why), false)];
    Block { title, sentences: Vec::new(), table: Some(Table { heads, rows: rows.collect() }) }
}

fn about(omega: &Omega, language: Language) -> Block {
    let weights = &omega.meta.weights;
    let sum = weights.coverage + weights.source + weights.value + weights.consistency;
    let parts = [weights.coverage, weights.source, weights.value, weights.consistency];
    let [coverage, source, value, consistency] = parts.map(|part| number(100.0 * part / sum));
    let gate = number(omega.meta.hard_share_max * 100.0);
    let values: [&dyn crate::text::Speak; 5] = [&coverage, &source, &value, &consistency, &gate];
    let sentences = vec![Note::new(Word::Weights, values).say(language)];
    Block { title: Word::About.say(language), sentences, table: None }
}

/// Returns a number with at most two decimals. What is below 100 never reads as 100.
pub(super) fn number(value: f64) -> String {
    let shown = if value < 100.0 { (value * 100.0).floor() / 100.0 } else { value };
    format!("{shown:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}
