//! Element-wise operators. A missing value is NaN and stays one, except that a comparison with it is false.

use super::graph::{Binary, Unary};

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// Computes one value.
pub(super) fn unary(operator: Unary, x: f64) -> f64 {
    match operator {
        Unary::Negate => -x,
        Unary::Abs => x.abs(),
        Unary::Sign => {
            if x == 0.0 || x.is_nan() {
                x
            } else {
                x.signum()
            }
        }
        Unary::Log => x.ln(),
        Unary::Not => {
            if x.is_nan() {
                x
            } else {
                truth(x == 0.0)
            }
        }
    }
}

/// Computes one value.
pub(super) fn binary(operator: Binary, x: f64, y: f64) -> f64 {
    match operator {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x * y,
        Binary::Div => x / y,
        Binary::Power => x.powf(y),
        Binary::Greater => larger(x, y),
        Binary::Less => -larger(-x, -y),
        Binary::Gt => truth(x > y),
        Binary::Ge => truth(x >= y),
        Binary::Lt => truth(x < y),
        Binary::Le => truth(x <= y),
        Binary::Eq => truth(x == y),
        Binary::Ne => truth(x != y),
        Binary::And => known(x, y, x != 0.0 && y != 0.0),
        Binary::Or => known(x, y, x != 0.0 || y != 0.0),
    }
}

/// Computes one value.
pub(super) fn choice(condition: f64, then: f64, other: f64) -> f64 {
    if condition.is_nan() {
        condition
    } else if condition == 0.0 {
        other
    } else {
        then
    }
}

fn larger(x: f64, y: f64) -> f64 {
    // f64::max would pass over a missing value.
    if x > y || x.is_nan() { x } else { y }
}

fn known(x: f64, y: f64, holds: bool) -> f64 {
    if x.is_nan() || y.is_nan() { f64::NAN } else { truth(holds) }
}

/// A column, or one number for all rows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand<'a> {
    Column(&'a [f64]),
    Number(f64),
}

impl Operand<'_> {
    pub(super) fn at(self, row: usize) -> f64 {
        match self {
            Self::Column(values) => values.get(row).copied().unwrap_or(f64::NAN),
            Self::Number(value) => value,
        }
    }
}

/// Computes a column.
pub(super) fn map(operator: Unary, x: Operand<'_>, out: &mut [f64]) {
    match operator {
        Unary::Negate => each(x, out, |x| unary(Unary::Negate, x)),
        Unary::Abs => each(x, out, |x| unary(Unary::Abs, x)),
        Unary::Sign => each(x, out, |x| unary(Unary::Sign, x)),
        Unary::Log => each(x, out, |x| unary(Unary::Log, x)),
        Unary::Not => each(x, out, |x| unary(Unary::Not, x)),
    }
}

/// Computes a column; the operator is chosen once, not for every row.
pub(super) fn zip(operator: Binary, x: Operand<'_>, y: Operand<'_>, out: &mut [f64]) {
    macro_rules! with {
        ($($name:ident),*) => {
            match operator { $(Binary::$name => pairs(x, y, out, |x, y| binary(Binary::$name, x, y)),)* }
        };
    }
    with!(Add, Sub, Mul, Div, Power, Greater, Less, Gt, Ge, Lt, Le, Eq, Ne, And, Or);
}

fn each(x: Operand<'_>, out: &mut [f64], of: impl Fn(f64) -> f64) {
    match x {
        Operand::Column(x) => out.iter_mut().zip(x).for_each(|(out, x)| *out = of(*x)),
        Operand::Number(x) => out.fill(of(x)),
    }
}

fn pairs(x: Operand<'_>, y: Operand<'_>, out: &mut [f64], of: impl Fn(f64, f64) -> f64) {
    match (x, y) {
        (Operand::Column(x), Operand::Column(y)) => {
            out.iter_mut().zip(x).zip(y).for_each(|((out, x), y)| *out = of(*x, *y));
        }
        (Operand::Column(x), Operand::Number(y)) => out.iter_mut().zip(x).for_each(|(out, x)| *out = of(*x, y)),
        (Operand::Number(x), Operand::Column(y)) => out.iter_mut().zip(y).for_each(|(out, y)| *out = of(x, *y)),
        (Operand::Number(x), Operand::Number(y)) => out.fill(of(x, y)),
    }
}

/// Copies a column, `rows` later (earlier where negative).
pub(super) fn shift(x: &[f64], rows: i32, out: &mut [f64]) {
    let by = (rows.unsigned_abs() as usize).min(x.len()).min(out.len());
    let kept = x.len().min(out.len()) - by;
    out.fill(f64::NAN);
    let (from, to) = if rows >= 0 { (0, by) } else { (by, 0) };
    if let (Some(from), Some(to)) = (x.get(from..from + kept), out.get_mut(to..to + kept)) {
        to.copy_from_slice(from);
    }
}
