//! Reads tokens into a syntax tree by the binding power of the signs. Depth and length are bounded.

use super::{
    ExpressionError, OPERATORS, Span, Tree, TreeKind,
    token::{Token, tokens},
};

/// The longest expression, bytes.
const LENGTH_MAX: usize = 8192;
/// The deepest nesting.
const DEPTH_MAX: usize = 64;
/// The most levels of a tree: a chain of plus signs is as deep as it is long.
const HEIGHT_MAX: usize = 100;
/// The most arguments of one operator; more is a mistake that is not worth reading on.
const ARGUMENTS_MAX: usize = 8;

/// Binding powers, and the operator that a sign stands for.
const SIGNS: [(&str, &str, u8); 10] = [
    (">", "Gt", 1),
    (">=", "Ge", 1),
    ("<", "Lt", 1),
    ("<=", "Le", 1),
    ("==", "Eq", 1),
    ("!=", "Ne", 1),
    ("+", "Add", 2),
    ("-", "Sub", 2),
    ("*", "Mul", 3),
    ("/", "Div", 3),
];
const COMPARISON: u8 = 1;
/// How tightly a minus binds to what follows it.
const NEGATION: u8 = 4;

/// Reads an expression.
///
/// # Errors
/// With the place of the first mistake.
pub(in crate::research::factor) fn parse(text: &str) -> Result<Tree, ExpressionError> {
    if text.len() > LENGTH_MAX {
        let what = format!("the expression has {} bytes, at most {LENGTH_MAX} are read", text.len());
        return Err(ExpressionError::at(text, &(0..1), what));
    }
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0 };
    let tree = parser.expression(0)?;
    match parser.peek() {
        (Token::End, _) => Ok(tree),
        (Token::Sign(")"), span) => Err(parser.wrong(&span, "nothing is open that ')' could close")),
        (_, span) => Err(parser.wrong(&span, "an operator is missing before this")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token<'a>, Span)>,
    next: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> (Token<'a>, Span) {
        let end = self.text.len();
        self.tokens.get(self.next).cloned().unwrap_or((Token::End, end..end))
    }

    fn take(&mut self) -> (Token<'a>, Span) {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn wrong(&self, span: &Span, what: impl Into<String>) -> ExpressionError {
        ExpressionError::at(self.text, span, what)
    }

    /// Reads as long as the signs bind tighter than `least`.
    fn expression(&mut self, least: u8) -> Result<Tree, ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let (_, span) = self.peek();
            return Err(self.wrong(&span, format!("nested deeper than {DEPTH_MAX} levels")));
        }
        let mut left = self.operand()?;
        let mut compared = false;
        while let (Token::Sign(sign), at) = self.peek() {
            let Some((_, operator, power)) = SIGNS.iter().find(|(own, ..)| *own == sign) else { break };
            if *power <= least {
                break;
            }
            if *power == COMPARISON && compared {
                return Err(self.wrong(&at, "comparisons do not chain: write And(a < b, b < c)"));
            }
            compared = *power == COMPARISON;
            self.take();
            let right = self.expression(*power)?;
            let span = left.span.start..right.span.end;
            let kind = TreeKind::Call { operator: (*operator).to_owned(), at, arguments: vec![left, right] };
            left = Tree::new(kind, span);
            if left.height > HEIGHT_MAX {
                return Err(self.wrong(&left.span, format!("more than {HEIGHT_MAX} operators on top of each other")));
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<Tree, ExpressionError> {
        let (token, span) = self.take();
        let kind = match token {
            Token::Number(value) => TreeKind::Number(value),
            Token::Field(name) => TreeKind::Field(name.to_owned()),
            Token::Name(name) => return self.named(name, span),
            Token::Sign("-") => {
                let inner = self.expression(NEGATION)?;
                let span = span.start..inner.span.end;
                return Ok(match inner.kind {
                    TreeKind::Number(value) => Tree::new(TreeKind::Number(-value), span),
                    _ => Tree::new(TreeKind::Negated(Box::new(inner)), span),
                });
            }
            Token::Sign("(") => {
                let inner = self.expression(0)?;
                self.close(&span)?;
                return Ok(inner);
            }
            Token::Sign(_) => return Err(self.wrong(&span, "a number, a $field or an operator is expected here")),
            Token::End => return Err(self.wrong(&span, "the expression ends where a value is expected")),
        };
        Ok(Tree::new(kind, span))
    }

    /// Reads an operator with its arguments, or the name of another expression.
    fn named(&mut self, name: &str, at: Span) -> Result<Tree, ExpressionError> {
        let (Token::Sign("("), open) = self.peek() else {
            return Ok(Tree::new(TreeKind::Name(name.to_owned()), at));
        };
        if !OPERATORS.iter().any(|operator| operator.name == name) {
            let error = self.wrong(&at, format!("unknown operator '{name}'"));
            return Err(error.near(name, OPERATORS.iter().map(|operator| operator.name)));
        }
        self.take();
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.expression(0)?);
            if arguments.len() > ARGUMENTS_MAX {
                return Err(self.wrong(&at, format!("'{name}' has more than {ARGUMENTS_MAX} arguments")));
            }
            if self.peek().0 != Token::Sign(",") {
                break;
            }
            self.take();
        }
        let end = self.close(&open)?;
        let span = at.start..end;
        Ok(Tree::new(TreeKind::Call { operator: name.to_owned(), at, arguments }, span))
    }

    /// Takes the parenthesis that closes the one at `open`.
    fn close(&mut self, open: &Span) -> Result<usize, ExpressionError> {
        match self.take() {
            (Token::Sign(")"), span) => Ok(span.end),
            (Token::End, _) => Err(self.wrong(open, "'(' is never closed")),
            (_, span) => Err(self.wrong(&span, "')' or ',' is expected here")),
        }
    }
}
