//! Gives syntax trees their meaning: names are looked up, arguments checked, equal parts made one.

use std::collections::BTreeMap;

use super::{Binary, Graph, Node, PairStatistic, Statistic, Unary};
use crate::{
    config::FactorExpression,
    research::factor::language::{ExpressionError, Form, OPERATORS, Operator, Span, Tree, TreeKind, parse},
};

/// The widest window and the longest distance, sessions: ten years.
const ROWS_MAX: usize = 2500;
/// The most parts on top of each other, through all names.
const DEPTH_MAX: usize = 128;
/// The most distinct parts of one set.
const NODES_MAX: usize = 20_000;

/// A named expression of a set.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::research::factor) struct Definition {
    /// Its name.
    pub(in crate::research::factor) name: String,
    /// Its text.
    pub(in crate::research::factor) text: String,
    /// Where it stands, for messages.
    pub(in crate::research::factor) origin: String,
}

impl Definition {
    /// Takes an expression of the config.
    pub(in crate::research::factor) fn of(expression: &FactorExpression) -> Self {
        let FactorExpression { name, text, origin } = expression.clone();
        let origin = if origin.is_empty() { format!("expression '{name}'") } else { origin };
        Self { name, text, origin }
    }
}

/// Reads all expressions into one graph and returns the node of each.
///
/// # Errors
/// At the first mistake, with its place: syntax, an unknown operator, field or name, a wrong argument, a
/// definition that leads back to itself.
pub(in crate::research::factor) fn lower(
    definitions: &[Definition],
    is_field: impl Fn(&str) -> Result<(), Option<String>>,
) -> Result<(Graph, Vec<usize>), ExpressionError> {
    let mut trees = Vec::with_capacity(definitions.len());
    for definition in definitions {
        trees.push(parse(&definition.text).map_err(|error| error.of(&definition.origin))?);
    }
    let mut lowering = Lowering::new(definitions, &trees, &is_field);
    let roots = (0..definitions.len()).map(|at| lowering.definition(at)).collect::<Result<Vec<_>, _>>()?;
    Ok((lowering.graph, roots))
}

/// Returns every mistake of some expressions, each once, in their order.
pub(in crate::research::factor) fn mistakes(
    definitions: &[Definition],
    is_field: impl Fn(&str) -> Result<(), Option<String>>,
) -> Vec<ExpressionError> {
    let mut found = Vec::new();
    let mut trees = Vec::with_capacity(definitions.len());
    for definition in definitions {
        trees.push(parse(&definition.text).unwrap_or_else(|error| {
            found.push(error.of(&definition.origin));
            // What uses it is not wrong for that.
            Tree::unknown()
        }));
    }
    let mut lowering = Lowering::new(definitions, &trees, &is_field);
    for at in 0..definitions.len() {
        if let Err(error) = lowering.definition(at) {
            (lowering.open, lowering.depth) = (Vec::new(), 0);
            // A definition is read again for everything that uses it.
            if !found.contains(&error) {
                found.push(error);
            }
        }
    }
    found
}

struct Lowering<'a> {
    definitions: &'a [Definition],
    trees: &'a [Tree],
    by_name: BTreeMap<&'a str, usize>,
    is_field: &'a dyn Fn(&str) -> Result<(), Option<String>>,
    graph: Graph,
    done: Vec<Option<usize>>,
    /// The definitions being read, the outermost first.
    open: Vec<usize>,
    depth: usize,
}

impl<'a> Lowering<'a> {
    fn new(
        definitions: &'a [Definition],
        trees: &'a [Tree],
        is_field: &'a dyn Fn(&str) -> Result<(), Option<String>>,
    ) -> Self {
        let by_name = definitions.iter().enumerate().map(|(at, definition)| (definition.name.as_str(), at)).collect();
        let (graph, done) = (Graph::default(), vec![None; definitions.len()]);
        Self { definitions, trees, by_name, is_field, graph, done, open: Vec::new(), depth: 0 }
    }

    fn definition(&mut self, at: usize) -> Result<usize, ExpressionError> {
        if let Some(Some(node)) = self.done.get(at) {
            return Ok(*node);
        }
        let trees = self.trees;
        let Some(tree) = trees.get(at) else { return Ok(self.graph.number(f64::NAN)) };
        self.open.push(at);
        let node = self.tree(tree)?;
        self.open.pop();
        if let Some(done) = self.done.get_mut(at) {
            *done = Some(node);
        }
        Ok(node)
    }

    /// Returns an error in the definition that is being read.
    fn wrong(&self, span: &Span, what: impl Into<String>) -> ExpressionError {
        let own = self.open.last().and_then(|at| self.definitions.get(*at));
        let (text, origin) = own.map_or(("", "expression"), |own| (&own.text, &own.origin));
        ExpressionError::at(text, span, what).of(origin)
    }

    fn tree(&mut self, tree: &Tree) -> Result<usize, ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong(&tree.span, format!("more than {DEPTH_MAX} parts on top of each other")));
        }
        let node = match &tree.kind {
            TreeKind::Number(value) => self.graph.number(*value),
            TreeKind::Field(name) => match (self.is_field)(name) {
                Ok(()) => self.graph.field(name),
                Err(near) => return Err(self.unknown_field(name, &tree.span, near)),
            },
            TreeKind::Name(name) => self.named(name, &tree.span)?,
            TreeKind::Negated(inner) => {
                let inner = self.tree(inner)?;
                self.graph.put(Node::Unary(Unary::Negate, inner))
            }
            TreeKind::Call { operator, at, arguments } => self.call(operator, at, arguments)?,
        };
        self.depth -= 1;
        if node > NODES_MAX {
            return Err(self.wrong(&tree.span, format!("the set has more than {NODES_MAX} distinct parts")));
        }
        Ok(node)
    }

    fn unknown_field(&self, name: &str, span: &Span, near: Option<String>) -> ExpressionError {
        self.wrong(span, format!("unknown field '${name}'")).nearest(near)
    }

    fn named(&mut self, name: &str, span: &Span) -> Result<usize, ExpressionError> {
        let Some(at) = self.by_name.get(name).copied() else {
            let what = if OPERATORS.iter().any(|operator| operator.name == name) {
                format!("the operator '{name}' needs its arguments in parentheses")
            } else {
                format!("unknown name '{name}': a field begins with `$`")
            };
            let error = self.wrong(span, what);
            return Err(error.near(name, self.by_name.keys().copied()));
        };
        if let Some(start) = self.open.iter().position(|open| *open == at) {
            let names = self.open.iter().skip(start).chain([&at]).filter_map(|at| self.definitions.get(*at));
            let path: Vec<&str> = names.map(|definition| definition.name.as_str()).collect();
            return Err(self.wrong(span, format!("'{name}' is defined by itself: {}", path.join(" -> "))));
        }
        self.definition(at)
    }

    fn call(&mut self, name: &str, at: &Span, arguments: &[Tree]) -> Result<usize, ExpressionError> {
        let Some(operator) = OPERATORS.iter().find(|operator| operator.name == name) else {
            let error = self.wrong(at, format!("unknown operator '{name}'"));
            return Err(error.near(name, OPERATORS.iter().map(|operator| operator.name)));
        };
        if arguments.len() != operator.form.count() {
            let (count, form) = (arguments.len(), operator.form.arguments());
            return Err(self.wrong(at, format!("'{name}' has {count} arguments, it takes {name}{form}")));
        }
        match (operator.form, arguments) {
            (Form::One, [of]) => {
                let of = self.tree(of)?;
                Ok(unary(name).map_or(of, |operator| self.graph.put(Node::Unary(operator, of))))
            }
            (Form::Two, [left, right]) => {
                let (left, right) = (self.tree(left)?, self.tree(right)?);
                Ok(binary(name).map_or(left, |operator| self.graph.put(Node::Binary(operator, left, right))))
            }
            (Form::Three, [condition, then, other]) => {
                let (condition, then, other) = (self.tree(condition)?, self.tree(then)?, self.tree(other)?);
                Ok(self.graph.put(Node::If(condition, then, other)))
            }
            (Form::Distance, [of, distance]) => self.distance(operator, of, distance),
            (Form::PairWindow, [left, right, rows]) => {
                let (left, right, rows) = (self.tree(left)?, self.tree(right)?, self.window(operator, rows)?);
                let statistic = if name == "Cov" { PairStatistic::Cov } else { PairStatistic::Corr };
                Ok(self.graph.put(Node::Pair { statistic, left, right, rows }))
            }
            (Form::Quantile, [of, rows, q]) => {
                let (of, rows, q) = (self.tree(of)?, self.window(operator, rows)?, self.share(operator, q)?);
                Ok(self.graph.put(Node::Rolling { statistic: Statistic::Quantile(q.to_bits()), of, rows }))
            }
            (_, [of, rows]) => {
                let (of, rows) = (self.tree(of)?, self.window(operator, rows)?);
                Ok(self.graph.put(statistic(name).map_or(Node::Ema { of, rows }, |statistic| Node::Rolling {
                    statistic,
                    of,
                    rows,
                })))
            }
            _ => Err(self.wrong(at, format!("'{name}' takes {name}{}", operator.form.arguments()))),
        }
    }

    fn distance(&mut self, operator: &Operator, of: &Tree, distance: &Tree) -> Result<usize, ExpressionError> {
        let allowed = format!("a whole number from -{ROWS_MAX} to {ROWS_MAX}");
        let rows = self.constant(operator, "distance", distance, &allowed)?;
        if rows.fract() != 0.0 || rows.abs() > ROWS_MAX as f64 {
            return Err(self.refused(operator, "distance", distance, rows, &allowed));
        }
        let of = self.tree(of)?;
        let earlier = if rows == 0.0 { of } else { self.graph.put(Node::Shift { of, rows: rows as i32 }) };
        Ok(if operator.name == "Delta" { self.graph.put(Node::Binary(Binary::Sub, of, earlier)) } else { earlier })
    }

    fn window(&mut self, operator: &Operator, rows: &Tree) -> Result<usize, ExpressionError> {
        let allowed = format!("a whole number from 1 to {ROWS_MAX}");
        let value = self.constant(operator, "window", rows, &allowed)?;
        if value.fract() != 0.0 || value < 1.0 || value > ROWS_MAX as f64 {
            return Err(self.refused(operator, "window", rows, value, &allowed));
        }
        Ok(value as usize)
    }

    fn share(&mut self, operator: &Operator, q: &Tree) -> Result<f64, ExpressionError> {
        let allowed = "a number from 0 to 1";
        let value = self.constant(operator, "q", q, allowed)?;
        if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(self.refused(operator, "q", q, value, allowed)) }
    }

    /// Returns the value of an argument that may not depend on data.
    fn constant(
        &mut self,
        operator: &Operator,
        what: &str,
        tree: &Tree,
        allowed: &str,
    ) -> Result<f64, ExpressionError> {
        let node = self.tree(tree)?;
        match self.graph.node(node) {
            Node::Number(bits) => Ok(f64::from_bits(bits)),
            _ => Err(self.wrong(&tree.span, format!("the {what} of '{}' must be {allowed}", operator.name))),
        }
    }

    fn refused(&self, operator: &Operator, what: &str, tree: &Tree, got: f64, allowed: &str) -> ExpressionError {
        self.wrong(&tree.span, format!("the {what} of '{}' is {got}, allowed is {allowed}", operator.name))
    }
}

fn unary(name: &str) -> Option<Unary> {
    Some(match name {
        "Abs" => Unary::Abs,
        "Sign" => Unary::Sign,
        "Log" => Unary::Log,
        "Not" => Unary::Not,
        _ => return None,
    })
}

fn binary(name: &str) -> Option<Binary> {
    Some(match name {
        "Add" => Binary::Add,
        "Sub" => Binary::Sub,
        "Mul" => Binary::Mul,
        "Div" => Binary::Div,
        "Power" => Binary::Power,
        "Greater" => Binary::Greater,
        "Less" => Binary::Less,
        "Gt" => Binary::Gt,
        "Ge" => Binary::Ge,
        "Lt" => Binary::Lt,
        "Le" => Binary::Le,
        "Eq" => Binary::Eq,
        "Ne" => Binary::Ne,
        "And" => Binary::And,
        "Or" => Binary::Or,
        _ => return None,
    })
}

fn statistic(name: &str) -> Option<Statistic> {
    Some(match name {
        "Sum" => Statistic::Sum,
        "Mean" => Statistic::Mean,
        "Count" => Statistic::Count,
        "Std" => Statistic::Std,
        "Var" => Statistic::Var,
        "Max" => Statistic::Max,
        "IdxMax" => Statistic::IdxMax,
        "Min" => Statistic::Min,
        "IdxMin" => Statistic::IdxMin,
        "Slope" => Statistic::Slope,
        "Rsquare" => Statistic::Rsquare,
        "Resi" => Statistic::Resi,
        "WMA" => Statistic::Wma,
        "Rank" => Statistic::Rank,
        "Med" => Statistic::Quantile(0.5_f64.to_bits()),
        _ => return None,
    })
}
