//! Tests of reading sets: what is wrong is shown where it stands.

use super::ExpressionSet;
use crate::{
    exit::{Exit, Failure},
    market::DailyPanel,
    research::{
        factor::{AlignedPanel, FactorInput, OPERATORS, compute},
        testing::{bar, expression_set, random_bars, sessions},
    },
};

fn mistake(text: &str) -> String {
    ExpressionSet::read(&expression_set(&[("x", text)]), &[]).expect_err(text).to_string()
}

#[test]
fn mistakes_are_drawn_with_a_caret_and_the_nearest_name() {
    let cases = [
        (
            "Ref(Meen($close, 5), 1)",
            "column 5: unknown operator 'Meen', did you mean Mean?\n  Ref(Meen($close, 5), 1)\n      ^^^^",
        ),
        ("$close / $opne", "column 10: unknown field '$opne', did you mean $open?\n  $close / $opne\n           ^^^^^"),
        ("Mean($close)", "column 1: 'Mean' has 1 arguments, it takes Mean(x, n)\n"),
        ("Mean($close, 0)", "column 14: the window of 'Mean' is 0, allowed is a whole number from 1 to 2500\n"),
        ("Mean($close, 2.5)", "column 14: the window of 'Mean' is 2.5"),
        ("Mean($close, $open)", "column 14: the window of 'Mean' must be a whole number"),
        ("Ref($close, 9e9)", "column 13: the distance of 'Ref' is 9000000000"),
        ("Quantile($close, 5, 2)", "column 21: the q of 'Quantile' is 2"),
        ("($close", "column 1: '(' is never closed\n"),
        ("$close)", "column 7: nothing is open that ')' could close\n"),
        ("$close $open", "column 8: an operator is missing before this\n"),
        ("$close +", "column 9: the expression ends where a value is expected\n"),
        ("", "column 1: the expression ends where a value is expected\n"),
        ("1 < 2 < 3", "column 7: comparisons do not chain"),
        ("$close & $open", "column 8: '&' is no part of the language: write And(a, b)\n"),
        ("$close = 1", "write == to compare"),
        ("1.2.3", "column 1: '1.2.3' is not a number\n"),
        ("1e999", "'1e999' is not a number"),
        ("$", "a field's name must follow"),
        ("close", "unknown name 'close': a field begins with `$`"),
        ("Mean", "the operator 'Mean' needs its arguments in parentheses"),
        ("收盘", "'收' is no part of the language\n  收盘\n  ^"),
    ];
    for (text, expected) in cases {
        let got = mistake(text);
        assert!(got.contains(expected), "{text}:\n{got}\nexpected\n{expected}");
    }
}

#[test]
fn size_is_bounded_without_a_crash() {
    let cases = [
        ("(".repeat(5000), "nested deeper"),
        ("-".repeat(5000), "nested deeper"),
        (format!("1{}", "+$close".repeat(1000)), "on top of each other"),
        ("Abs(".repeat(70), "nested deeper"),
        (format!("Mean({}", "1,".repeat(2000)), "more than 8 arguments"),
        ("1".repeat(10_000), "at most 8192 are read"),
    ];
    for (text, expected) in cases {
        let got = mistake(&text);
        assert!(got.contains(expected) && got.len() < 600, "{got}");
    }
    let mut chain = vec![("d0".to_owned(), "$close".to_owned())];
    chain.extend((1..400).map(|at| (format!("d{at}"), format!("d{} + 1", at - 1))));
    let chain: Vec<(&str, &str)> = chain.iter().rev().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let error = ExpressionSet::read(&expression_set(&chain), &[]).expect_err("too deep").to_string();
    assert!(error.contains("on top of each other"), "{error}");
}

#[test]
fn names_stand_for_expressions_and_may_not_lead_back() {
    let set = expression_set(&[("a", "b + 1"), ("b", "$close * 2"), ("c", "$close * 2 + 1")]);
    let read = ExpressionSet::read(&set, &[]).expect("sound");
    let roots: Vec<usize> = read.roots().map(|(_, root)| root).collect();
    assert_eq!(roots[0], roots[2], "equal parts are one");
    let error = ExpressionSet::read(&expression_set(&[("a", "b + 1"), ("b", "c"), ("c", "2 * a")]), &[]);
    let error = error.expect_err("a circle");
    assert_eq!(error.exit(), Exit::Config);
    assert_eq!(
        error.to_string(),
        "expression 'c', column 5: 'a' is defined by itself: a -> b -> c -> a\n  2 * a\n      ^"
    );
}

#[test]
fn missing_column_is_refused_data_and_drawn() {
    let panel = AlignedPanel::from_daily(&DailyPanel::from_bars(&random_bars(1, 10)));
    let set = ExpressionSet::read(&expression_set(&[("a", "$close"), ("b", "1 + $turn")]), &["turn"]).expect("sound");
    let error = set.compute(&panel, None, 1).expect_err("no such column");
    assert_eq!(error.exit(), Exit::DataRefused);
    assert!(error.to_string().contains("expression 'b', column 5: the input has no column for $turn"), "{error}");
    assert!(error.to_string().ends_with("\n  1 + $turn\n      ^^^^^"), "{error}");
}

#[test]
fn every_operator_of_the_table_can_be_used() {
    for operator in &OPERATORS {
        let arguments = match operator.form.arguments() {
            "(x)" => "($close)",
            "(x, y)" => "($close, $open)",
            "(condition, x, y)" => "($close > $open, $close, $open)",
            "(x, n)" => "($close, 3)",
            "(x, n, q)" => "($close, 3, 0.5)",
            _ => "($close, $open, 3)",
        };
        let text = format!("{}{arguments}", operator.name);
        let set = ExpressionSet::read(&expression_set(&[("x", &text)]), &[]).expect(operator.name);
        let panel = AlignedPanel::from_daily(&DailyPanel::from_bars(&random_bars(1, 30)));
        let column = set.compute(&panel, None, 1).expect("computed").columns.remove(0);
        assert!(column.iter().any(|value| !value.is_nan()), "{text} has no value");
    }
}

#[test]
fn lookback_and_lookahead_are_counted_in_sessions() {
    let cases = [
        ("$close", Some(0), 0),
        ("Mean(Ref($close, 2), 5)", Some(6), 0),
        ("Ref($close, -2) / Ref($close, -1) - 1", Some(0), 2),
        ("Ref(Mean($close, 5), -2)", Some(2), 2),
        ("Ref(Ref($close, -3), 3)", Some(3), 0),
        ("EMA($close, 5)", None, 0),
        ("Std(Delta($close, 10), 20)", Some(29), 0),
    ];
    for (text, back, ahead) in cases {
        let set = ExpressionSet::read(&expression_set(&[("x", text)]), &[]).expect(text);
        let column = &set.columns()[0];
        assert_eq!((column.lookback, column.lookahead), (back, ahead), "{text}");
        assert_eq!(set.check_forward().is_err(), ahead > 0, "{text}");
    }
}

#[test]
fn night_ops_gets_expressions_in_the_layout_of_its_panel() {
    let dates = sessions("2020-03-02", 8);
    let mut bars: Vec<_> =
        dates.iter().zip(1..).map(|(date, day)| bar("600000.SH", *date, 10.0 + f64::from(day))).collect();
    bars[3].suspended = true;
    let mut set = expression_set(&[("back", "Ref($close, 2)"), ("none", "$close / 0 - $close / 0")]);
    set.factors.push("F_ret_intraday".into());
    let frame = compute(&set, &DailyPanel::from_bars(&bars)).expect("computed");
    assert_eq!(frame.names, ["F_ret_intraday", "back", "none"]);
    let back = frame.column("back").expect("there");
    assert!(back[3].is_nan() && back[5].is_nan(), "suspended today, suspended two sessions ago");
    assert_eq!((back[4], back[7]), (13.0, 16.0));
    let none = &frame.availability[2];
    assert!(!none.is_usable() && none.null_share == 1.0, "{none:?}");
    let mut forward = set.clone();
    forward.expressions[0].text = "Ref($close, -2)".into();
    let error = compute(&forward, &DailyPanel::from_bars(&bars)).expect_err("looks forward");
    assert_eq!(error.exit(), Exit::Config);
    assert!(error.to_string().contains("looks 2 sessions ahead"), "{error}");
}

#[test]
fn tables_that_are_no_panel_are_refused() {
    use crate::store::{Frame, FrameColumn};
    let path = std::path::Path::new("p.parquet");
    let date = jiff::civil::date(2020, 1, 2);
    let table = |codes: &[&str], price: bool| {
        let mut frame = Frame::new();
        let texts = codes.iter().map(|code| (*code).into()).collect();
        frame.push("code", FrameColumn::Utf8(texts)).expect("fits");
        frame.push("date", FrameColumn::Date(vec![date; codes.len()])).expect("fits");
        if price {
            frame.push("close", FrameColumn::F64(vec![1.0; codes.len()])).expect("fits");
        }
        frame
    };
    let refused = |frame: &Frame, bars| FactorInput::from_frame(path, frame, bars).expect_err("refused").to_string();
    assert_eq!(refused(&table(&["a", "a"], true), false), "p.parquet: row 2: a on 2020-01-02 is there twice");
    assert_eq!(refused(&table(&[""], true), false), "p.parquet: row 1: the code is missing");
    assert!(refused(&Frame::new(), false).contains("column 'code' is missing"));
    assert!(refused(&table(&["600000.SH"], true), true).contains("column 'open' is missing"));
    assert_eq!(FactorInput::from_frame(path, &table(&["a", "b"], true), false).expect("a panel").aligned.rows(), 2);
}
