//! Step definitions and the sentences of the features fit each other, and every `Then` can fail.

use regex::Regex;

use super::{
    features::{all, parsed, scenarios},
    source::{Blank, SourceFile, assert_caught, assert_none, blanked, line_of, read},
};

/// One `#[given]`, `#[when]` or `#[then]`.
struct Definition {
    place: String,
    keyword: &'static str,
    expression: String,
    pattern: Regex,
    /// The function's signature and body, without strings and comments.
    function: String,
}

fn definitions(files: &[SourceFile]) -> Vec<Definition> {
    let mut definitions = Vec::new();
    for file in files {
        let code = blanked(&file.text, Blank::StringsAndComments);
        // Blanking keeps the number of characters, not of bytes.
        let text: Vec<char> = file.text.chars().collect();
        for keyword in ["given", "when", "then"] {
            for (at, opening) in code.match_indices(&format!("#[{keyword}(")) {
                let start = code[..at + opening.len()].chars().count();
                let (argument, expression) = literal(&text[start..]);
                let pattern =
                    if argument.contains("regex") { expression.clone() } else { expression_pattern(&expression) };
                definitions.push(Definition {
                    place: format!("{}:{}", file.path, line_of(&code, at)),
                    keyword,
                    pattern: Regex::new(&pattern).unwrap_or_else(|error| panic!("{}: {error}", file.path)),
                    expression,
                    function: function_after(&code[at..]).to_owned(),
                });
            }
        }
    }
    definitions
}

/// Returns what stands before the first string literal, and the literal's value.
fn literal(text: &[char]) -> (String, String) {
    let open = text.iter().position(|&character| character == '"').unwrap_or(text.len());
    let before: String = text[..open].iter().collect();
    let raw = before.trim_end_matches('#').ends_with('r');
    let mut value = String::new();
    let mut rest = text[open..].iter().skip(1);
    while let Some(&character) = rest.next() {
        match character {
            '"' => break,
            '\\' if !raw => value.extend(rest.next()),
            _ => value.push(character),
        }
    }
    (before, value)
}

/// Turns a cucumber expression into a pattern that matches at least what the expression matches.
fn expression_pattern(expression: &str) -> String {
    let mut pattern = String::from("^");
    for word in expression.split(' ') {
        if pattern.len() > 1 {
            pattern.push(' ');
        }
        let alternatives = word.contains('/') && !word.contains('{');
        let parts: Vec<String> =
            if alternatives { word.split('/').map(word_pattern).collect() } else { vec![word_pattern(word)] };
        pattern.extend(["(?:", &parts.join("|"), ")"]);
    }
    pattern.push('$');
    pattern
}

fn word_pattern(word: &str) -> String {
    let mut pattern = String::new();
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        match character {
            '{' => {
                let name: String = characters.by_ref().take_while(|&character| character != '}').collect();
                pattern.push_str(match name.as_str() {
                    "int" => r"-?\d+",
                    "word" => r"\S+",
                    "string" => r#"(?:"[^"]*"|'[^']*')"#,
                    _ => ".+",
                });
            }
            '(' => pattern.push_str("(?:"),
            ')' => pattern.push_str(")?"),
            '\\' => pattern.push_str(&regex::escape(&characters.next().map(String::from).unwrap_or_default())),
            other => pattern.push_str(&regex::escape(&other.to_string())),
        }
    }
    pattern
}

/// Returns the function after an attribute, from `fn` to its closing brace.
fn function_after(code: &str) -> &str {
    let start = code.find("fn ").unwrap_or(0);
    let mut depth = 0_usize;
    for (at, character) in code[start..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return &code[start..=start + at],
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    &code[start..]
}

/// Returns the sentences of the features with where they stand, outlines filled from their rows.
fn sentences(features: &[SourceFile]) -> Vec<(String, String)> {
    let mut sentences = Vec::new();
    for file in features {
        let Ok(feature) = parsed(file) else { continue };
        let backgrounds =
            feature.background.iter().chain(feature.rules.iter().filter_map(|rule| rule.background.as_ref()));
        for step in backgrounds.flat_map(|background| &background.steps) {
            sentences.push((format!("{}:{}", file.path, step.position.line), step.value.clone()));
        }
        for scenario in scenarios(&feature) {
            let tables: Vec<_> = scenario.examples.iter().filter_map(|examples| examples.table.as_ref()).collect();
            for step in &scenario.steps {
                let place = format!("{}:{}", file.path, step.position.line);
                if tables.is_empty() {
                    sentences.push((place, step.value.clone()));
                    continue;
                }
                for (heads, row) in tables
                    .iter()
                    .filter_map(|t| t.rows.split_first())
                    .flat_map(|(h, rows)| rows.iter().map(move |r| (h, r)))
                {
                    let filled = heads
                        .iter()
                        .zip(row)
                        .fold(step.value.clone(), |text, (head, cell)| text.replace(&format!("<{head}>"), cell));
                    sentences.push((place.clone(), filled));
                }
            }
        }
    }
    sentences
}

fn unmatched(steps: &[SourceFile], features: &[SourceFile]) -> Vec<String> {
    let (definitions, sentences) = (definitions(steps), sentences(features));
    let unused = definitions
        .iter()
        .filter(|definition| !sentences.iter().any(|(_, text)| definition.pattern.is_match(text)))
        .map(|definition| format!("{}: no feature says '{}'", definition.place, definition.expression));
    let undefined = sentences
        .iter()
        .filter(|(_, text)| !definitions.iter().any(|definition| definition.pattern.is_match(text)))
        .map(|(place, text)| format!("{place}: no step is defined for '{text}'"));
    unused.chain(undefined).collect()
}

fn toothless(steps: &[SourceFile]) -> Vec<String> {
    definitions(steps)
        .into_iter()
        .filter(|definition| definition.keyword == "then" && !can_fail(&definition.function))
        .map(|definition| format!("{}: the step '{}' cannot fail", definition.place, definition.expression))
        .collect()
}

/// A step can fail if it asserts, or returns the result of a check rather than a bare `Ok(())`.
fn can_fail(function: &str) -> bool {
    let Some((signature, body)) = function.split_once('{') else { return false };
    let asserts = Regex::new(r"\b(debug_)?assert\w*!").expect("a pattern");
    let body = body.trim_end().trim_end_matches('}').trim();
    let only_ok = body.trim_end_matches(';').ends_with("Ok(())") && !body.contains('?') && !body.contains("Err(");
    asserts.is_match(body) || (signature.contains("->") && !body.is_empty() && !only_ok)
}

#[test]
fn steps_and_features_fit() {
    let steps = read(&["steps"], &[".rs"]);
    assert_none(&unmatched(&steps, &all()));
}

#[test]
fn an_unused_or_undefined_step_is_caught() {
    let steps = [SourceFile::planted(
        "steps/a.rs",
        "#[given(\"a workspace of {int} symbol(s)\")]\nfn a() {}\n#[then(regex = r#\"^it is (on|off)$\"#)]\nasync fn b() { assert_eq!(1, 2); }\n",
    )];
    let feature =
        |text: &str| [SourceFile::planted("features/a.feature", &format!("Feature: a\n  Scenario: b\n{text}"))];
    assert_none(&unmatched(&steps, &feature("    Given a workspace of 1 symbol\n    Then it is on\n")));
    assert_caught(
        &unmatched(&steps, &feature("    Given a workspace of 2 symbols\n")),
        "no feature says '^it is (on|off)$'",
    );
    assert_caught(
        &unmatched(&steps, &feature("    Given a workspace of 2 symbols\n    Then it is on\n    Then it flies\n")),
        "'it flies'",
    );
    let outline = "    Given a workspace of <n> symbols\n    Then it is <state>\n    Examples:\n      | n | state |\n      | 3 | broken |\n      | 4 | off |\n";
    assert_caught(&unmatched(&steps, &feature(outline)), "'it is broken'");
}

#[test]
fn every_then_can_fail() {
    assert_none(&toothless(&read(&["steps"], &[".rs"])));
}

#[test]
fn a_then_that_cannot_fail_is_caught() {
    let step = |rest: &str| [SourceFile::planted("steps/a.rs", &format!("#[then(\"a thing\")]\n{rest}"))];
    for rest in [
        "fn a() {}",
        "fn a() { world.look(); // assert!(x)\n}",
        "fn a() -> Result<(), E> { Ok(()) }",
        "fn a() { say(\"assert!(x)\"); }",
    ] {
        assert_caught(&toothless(&step(rest)), "cannot fail");
    }
    for rest in [
        "fn a() { assert!(x); }",
        "fn a(w: &W) -> Result<(), E> { w.exit_code(0) }",
        "fn a() -> R { w.check()?; Ok(()) }",
    ] {
        assert_none(&toothless(&step(rest)));
    }
}
