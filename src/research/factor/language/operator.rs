//! The table of operators: names as in Qlib, arguments, and what each computes.

/// The arguments of an operator. Windows and distances are whole numbers, in sessions of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `Op(x)`.
    One,
    /// `Op(x, y)`.
    Two,
    /// `Op(condition, x, y)`.
    Three,
    /// `Op(x, n)`, n back, or forward where negative.
    Distance,
    /// `Op(x, n)`, a window of the n sessions that end today.
    Window,
    /// `Op(x, n, q)`, q from 0 to 1.
    Quantile,
    /// `Op(x, y, n)`.
    PairWindow,
}

impl Form {
    /// Returns the arguments as a message shows them.
    #[must_use]
    pub const fn arguments(self) -> &'static str {
        match self {
            Self::One => "(x)",
            Self::Two => "(x, y)",
            Self::Three => "(condition, x, y)",
            Self::Distance | Self::Window => "(x, n)",
            Self::Quantile => "(x, n, q)",
            Self::PairWindow => "(x, y, n)",
        }
    }

    /// Returns how many arguments there are.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two | Self::Distance | Self::Window => 2,
            Self::Three | Self::Quantile | Self::PairWindow => 3,
        }
    }
}

/// One operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub form: Form,
    /// What it computes. A window leaves missing values out and may be incomplete.
    pub meaning: &'static str,
}

const fn operator(name: &'static str, form: Form, meaning: &'static str) -> Operator {
    Operator { name, form, meaning }
}

/// Every operator, by kind.
pub const OPERATORS: [Operator; 41] = [
    operator("Ref", Form::Distance, "x of n sessions ago; of a later session where n is negative (labels only)"),
    operator("Delta", Form::Distance, "x - Ref(x, n)"),
    operator("Sum", Form::Window, "sum"),
    operator("Mean", Form::Window, "mean"),
    operator("Std", Form::Window, "standard deviation, divisor n - 1"),
    operator("Var", Form::Window, "variance, divisor n - 1"),
    operator("Count", Form::Window, "how many values are known"),
    operator("Max", Form::Window, "largest"),
    operator("Min", Form::Window, "smallest"),
    operator(
        "IdxMax",
        Form::Window,
        "place of the first largest, 1 = oldest; of the first missing where one is missing",
    ),
    operator(
        "IdxMin",
        Form::Window,
        "place of the first smallest, 1 = oldest; of the first missing where one is missing",
    ),
    operator("Med", Form::Window, "median"),
    operator("Quantile", Form::Quantile, "q-quantile, linear between neighbours"),
    operator("Rank", Form::Window, "rank of today's value over the count, ties averaged; missing where today is"),
    operator("Slope", Form::Window, "slope of the least-squares line over time"),
    operator("Rsquare", Form::Window, "R squared of that line; missing where Std is within 2e-5 of 0"),
    operator("Resi", Form::Window, "today's distance from that line"),
    operator("WMA", Form::Window, "mean with weights 1 (oldest) to n (today), over the weights of the known values"),
    operator("EMA", Form::Window, "exponential mean of span n over all sessions so far"),
    operator("Corr", Form::PairWindow, "correlation of complete pairs; missing where either Std is within 2e-5 of 0"),
    operator("Cov", Form::PairWindow, "covariance of complete pairs, divisor n - 1"),
    operator("Abs", Form::One, "absolute value"),
    operator("Sign", Form::One, "-1, 0 or 1"),
    operator("Log", Form::One, "natural logarithm"),
    operator("Not", Form::One, "1 where x is 0, else 0"),
    operator("Add", Form::Two, "x + y"),
    operator("Sub", Form::Two, "x - y"),
    operator("Mul", Form::Two, "x * y"),
    operator("Div", Form::Two, "x / y"),
    operator("Power", Form::Two, "x to the power of y"),
    operator("Greater", Form::Two, "the larger; missing where either is"),
    operator("Less", Form::Two, "the smaller; missing where either is"),
    operator("Gt", Form::Two, "x > y: 1 or 0; 0 where either is missing"),
    operator("Ge", Form::Two, "x >= y, as Gt"),
    operator("Lt", Form::Two, "x < y, as Gt"),
    operator("Le", Form::Two, "x <= y, as Gt"),
    operator("Eq", Form::Two, "x == y, as Gt"),
    operator("Ne", Form::Two, "x != y: 1 or 0; 1 where either is missing"),
    operator("And", Form::Two, "1 where neither is 0, else 0; missing where either is"),
    operator("Or", Form::Two, "1 where one is not 0, else 0; missing where either is"),
    operator("If", Form::Three, "x where the condition is not 0, else y; missing where the condition is"),
];
