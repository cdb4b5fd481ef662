//! Prints a set as one DuckDB query: the second reader of the graph, for an engine that holds the data itself.
//! Every part is a column of its own level, so no part is written twice. The table must have the rows that
//! the kernels see: one for every session from a code's first bar to its last, null where it did not trade.

use std::fmt::Write as _;

use super::{
    ExpressionSet,
    graph::{Binary, Node, PairStatistic, Statistic, Unary},
};

/// A set as a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlQuery {
    /// The query; its rows are `code`, `date` and a column for each name.
    pub text: String,
    /// The expressions that it gives.
    pub names: Vec<String>,
    /// The expressions that SQL cannot express, with the operator and the reason.
    pub left_out: Vec<(String, &'static str)>,
}

impl ExpressionSet {
    /// Prints the set as a query over `table`, which has `code`, `date` and the fields as columns.
    #[must_use]
    pub fn to_sql(&self, table: &str) -> SqlQuery {
        let nodes = self.graph().nodes();
        // Per node: why it cannot be printed, and its level, one above its highest part.
        let (mut reasons, mut levels) = (Vec::with_capacity(nodes.len()), Vec::with_capacity(nodes.len()));
        for node in nodes {
            let part = |at: usize| -> Option<&'static str> { reasons.get(at).copied().flatten() };
            reasons.push(unprintable(*node).or_else(|| node.inputs().find_map(part)));
            let level = node.inputs().filter_map(|at| levels.get(at).copied()).max();
            levels.push(level.map_or(0_usize, |level: usize| level + 1));
        }
        let (mut names, mut left_out, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for (name, root) in self.roots() {
            if let Some(reason) = reasons.get(root).copied().flatten() {
                left_out.push((name.to_owned(), reason));
            } else {
                names.push(name.to_owned());
                shown.push(root);
            }
        }
        let needed = self.graph().parts_of(&shown);
        let mut text = String::from("WITH l0 AS (\n  SELECT code, date, row_number() OVER w AS today");
        for at in needed.iter().filter(|at| levels.get(**at) == Some(&0)) {
            let _ = write!(text, ",\n    {} AS n{at}", self.leaf(*at));
        }
        let _ = write!(text, "\n  FROM {} WINDOW w AS (PARTITION BY code ORDER BY date)\n)", quoted(table));
        let top = needed.iter().filter_map(|at| levels.get(*at).copied()).max().unwrap_or(0);
        for level in 1..=top {
            let _ = write!(text, ", l{level} AS (\n  SELECT *");
            for at in needed.iter().filter(|at| levels.get(**at) == Some(&level)) {
                let _ = write!(text, ",\n    {} AS n{at}", part(self.graph().node(*at)));
            }
            let _ = write!(text, "\n  FROM l{}\n)", level - 1);
        }
        text.push_str("\nSELECT code, date");
        for (name, root) in names.iter().zip(&shown) {
            let _ = write!(text, ", n{root} AS {}", quoted(name));
        }
        let _ = write!(text, "\nFROM l{top} ORDER BY code, date");
        SqlQuery { text, names, left_out }
    }

    fn leaf(&self, at: usize) -> String {
        match self.graph().node(at) {
            Node::Field(field) => {
                let name = self.graph().fields().get(field).map(String::as_str).unwrap_or_default();
                known(&format!("CAST({} AS DOUBLE)", quoted(name)))
            }
            Node::Number(bits) => number(f64::from_bits(bits)),
            _ => "NULL".into(),
        }
    }
}

/// Returns why a part cannot be printed.
fn unprintable(node: Node) -> Option<&'static str> {
    match node {
        Node::Rolling { statistic: Statistic::Rank, .. } => Some("Rank: SQL ranks rows, not one value in a frame"),
        Node::Rolling { statistic: Statistic::IdxMax | Statistic::IdxMin, .. } => {
            Some("IdxMax, IdxMin: a missing value in the frame has no place in SQL's arg_max")
        }
        Node::Rolling { statistic: Statistic::Wma, .. } => Some("WMA: weights move with the frame"),
        Node::Ema { .. } => Some("EMA: needs its own value of the row before"),
        _ => None,
    }
}

fn part(node: Node) -> String {
    match node {
        Node::Shift { of, rows } if rows >= 0 => format!("lag(n{of}, {rows}) OVER (PARTITION BY code ORDER BY date)"),
        Node::Shift { of, rows } => {
            format!("lead(n{of}, {}) OVER (PARTITION BY code ORDER BY date)", rows.unsigned_abs())
        }
        Node::Unary(operator, of) => unary(operator, of),
        Node::Binary(operator, left, right) => binary(operator, left, right),
        Node::If(condition, then, other) => {
            format!("CASE WHEN n{condition} IS NULL THEN NULL WHEN n{condition} <> 0 THEN n{then} ELSE n{other} END")
        }
        Node::Rolling { statistic, of, rows } => rolling(statistic, of, rows),
        Node::Pair { statistic, left, right, rows } => pair(statistic, left, right, rows),
        // Leaves stand in the lowest level, an exponential mean is left out.
        Node::Number(_) | Node::Field(_) | Node::Ema { .. } => "NULL".into(),
    }
}

fn unary(operator: Unary, of: usize) -> String {
    match operator {
        Unary::Negate => format!("-n{of}"),
        Unary::Abs => format!("abs(n{of})"),
        Unary::Sign => format!("CAST(sign(n{of}) AS DOUBLE)"),
        // DuckDB refuses the logarithm of what is not above 0.
        Unary::Log => format!("CASE WHEN n{of} > 0 THEN ln(n{of}) WHEN n{of} = 0 THEN CAST('-Infinity' AS DOUBLE) END"),
        Unary::Not => format!("CASE WHEN n{of} IS NOT NULL THEN CAST(n{of} = 0 AS DOUBLE) END"),
    }
}

fn binary(operator: Binary, left: usize, right: usize) -> String {
    let (x, y) = (format!("n{left}"), format!("n{right}"));
    let truth = |condition: String| format!("CASE WHEN {condition} THEN 1.0 ELSE 0.0 END");
    let both = |value: String| format!("CASE WHEN {x} IS NOT NULL AND {y} IS NOT NULL THEN {value} END");
    match operator {
        Binary::Add => missing(&format!("{x} + {y}")),
        Binary::Sub => missing(&format!("{x} - {y}")),
        Binary::Mul => missing(&format!("{x} * {y}")),
        Binary::Div => missing(&format!("{x} / {y}")),
        Binary::Power => missing(&format!("pow({x}, {y})")),
        Binary::Greater => both(format!("greatest({x}, {y})")),
        Binary::Less => both(format!("least({x}, {y})")),
        Binary::Gt => truth(format!("{x} > {y}")),
        Binary::Ge => truth(format!("{x} >= {y}")),
        Binary::Lt => truth(format!("{x} < {y}")),
        Binary::Le => truth(format!("{x} <= {y}")),
        Binary::Eq => truth(format!("{x} = {y}")),
        Binary::Ne => format!("CASE WHEN {x} = {y} THEN 0.0 ELSE 1.0 END"),
        Binary::And => both(format!("CAST({x} <> 0 AND {y} <> 0 AS DOUBLE)")),
        Binary::Or => both(format!("CAST({x} <> 0 OR {y} <> 0 AS DOUBLE)")),
    }
}

fn rolling(statistic: Statistic, of: usize, rows: usize) -> String {
    let (x, frame) = (known(&format!("n{of}")), frame(rows));
    let over = |aggregate: String| format!("{aggregate} OVER {frame}");
    match statistic {
        Statistic::Sum => over(format!("sum({x})")),
        Statistic::Mean => over(format!("avg({x})")),
        Statistic::Count => format!("CAST({} AS DOUBLE)", over(format!("count({x})"))),
        Statistic::Std => over(format!("stddev_samp({x})")),
        Statistic::Var => over(format!("var_samp({x})")),
        Statistic::Max => over(format!("max({x})")),
        Statistic::Min => over(format!("min({x})")),
        Statistic::Quantile(q) => over(format!("quantile_cont({x}, {})", f64::from_bits(q))),
        Statistic::Slope => missing(&over(format!("regr_slope({x}, today)"))),
        Statistic::Rsquare => {
            let (deviation, r) = (over(format!("stddev_samp({x})")), over(format!("regr_r2({x}, today)")));
            format!("CASE WHEN {deviation} > 2e-5 THEN {} END", missing(&r))
        }
        Statistic::Resi => {
            let (slope, intercept) =
                (over(format!("regr_slope({x}, today)")), over(format!("regr_intercept({x}, today)")));
            missing(&format!("{x} - ({slope} * today + {intercept})"))
        }
        // Not printable.
        Statistic::Rank | Statistic::IdxMax | Statistic::IdxMin | Statistic::Wma => "NULL".into(),
    }
}

fn pair(statistic: PairStatistic, left: usize, right: usize, rows: usize) -> String {
    let (x, y, frame) = (known(&format!("n{left}")), known(&format!("n{right}")), frame(rows));
    match statistic {
        PairStatistic::Cov => format!("covar_samp({x}, {y}) OVER {frame}"),
        PairStatistic::Corr => format!(
            "CASE WHEN stddev_samp({x}) OVER {frame} <= 2e-5 OR stddev_samp({y}) OVER {frame} <= 2e-5 THEN NULL \
             ELSE {} END",
            missing(&format!("corr({x}, {y}) OVER {frame}"))
        ),
    }
}

fn frame(rows: usize) -> String {
    let before = rows.saturating_sub(1);
    format!("(PARTITION BY code ORDER BY date ROWS BETWEEN {before} PRECEDING AND CURRENT ROW)")
}

/// Makes null of what is no number; what windows leave out.
fn known(value: &str) -> String {
    format!("CASE WHEN isfinite({value}) THEN {value} END")
}

/// Makes null of NaN.
fn missing(value: &str) -> String {
    format!("nullif({value}, CAST('NaN' AS DOUBLE))")
}

fn number(value: f64) -> String {
    if value.is_finite() { format!("CAST({value:e} AS DOUBLE)") } else { format!("CAST('{value}' AS DOUBLE)") }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
#[path = "sql_tests.rs"]
mod tests;
