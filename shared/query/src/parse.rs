//! Parses tokens: `any := all (OR all)*`, `all := unit (AND? unit)*`,
//! `unit := NOT unit | ( any ) | word | phrase | field`.

use jiff::Timestamp;

use crate::chars::is_blank;
use crate::error::QueryError;
use crate::expr::{Condition, Expr, TextField};
use crate::field::Field;
use crate::lex::{self, Kind, Token, Value, unknown_field};
use crate::values::condition;

/// The most conditions that a query may have.
pub const MAX_CONDITIONS: usize = 64;
/// The most parentheses and exclusions that a query may have inside one another.
pub const MAX_LEVELS: usize = 16;

const UNMATCHED: &str = "unmatched closing parenthesis";

pub(crate) fn parse(text: &str, now: Timestamp) -> Result<Expr, QueryError> {
    let tokens = lex::tokens(text)?;
    if text.trim().is_empty() {
        return Ok(Expr::All(Vec::new()));
    }
    let mut parser = Parser { tokens: &tokens, at: 0, conditions: 0, now };
    let expr = parser.any(0)?;
    match parser.next() {
        None => Ok(expr),
        Some(close) => Err(QueryError::new(close.position, UNMATCHED)),
    }
}

/// Reads the values of the field with this name.
pub(crate) fn filter(name: &str, text: &str, now: Timestamp) -> Result<Expr, QueryError> {
    let field = Field::named(name).ok_or_else(|| unknown_field(name, 0))?;
    let values = lex::values(text)?;
    Parser { tokens: &[], at: 0, conditions: 0, now }.values(field, &values)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    conditions: usize,
    now: Timestamp,
}

impl<'a> Parser<'a> {
    fn next(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let is_next = self.next().is_some_and(|token| token.kind == *kind);
        self.at += usize::from(is_next);
        is_next
    }

    fn any(&mut self, level: usize) -> Result<Expr, QueryError> {
        let mut parts = vec![self.all(level)?];
        while self.take(&Kind::Or) {
            parts.push(self.all(level)?);
        }
        Ok(Expr::any(parts))
    }

    fn all(&mut self, level: usize) -> Result<Expr, QueryError> {
        let mut parts = vec![self.unit(level)?];
        while self.take(&Kind::And) || self.is_unit_next() {
            parts.push(self.unit(level)?);
        }
        Ok(Expr::all(parts))
    }

    fn is_unit_next(&self) -> bool {
        self.next().is_some_and(|token| !matches!(token.kind, Kind::Or | Kind::Close))
    }

    fn unit(&mut self, level: usize) -> Result<Expr, QueryError> {
        let Some(token) = self.next() else { return Err(self.missing()) };
        match &token.kind {
            Kind::And | Kind::Or | Kind::Close => Err(self.missing()),
            Kind::Open => self.group(level),
            Kind::Not => {
                let level = self.enter(level)?;
                Ok(Expr::Not(Box::new(self.unit(level)?)))
            }
            Kind::Word(text) => self.text(text, false),
            Kind::Phrase(text) => self.text(text, true),
            Kind::Field(field, values) => {
                self.at += 1;
                self.values(*field, values)
            }
        }
    }

    fn group(&mut self, level: usize) -> Result<Expr, QueryError> {
        let open = self.at;
        let level = self.enter(level)?;
        let inner = self.any(level)?;
        if self.take(&Kind::Close) {
            return Ok(inner);
        }
        Err(QueryError::new(self.tokens[open].position, "unclosed parenthesis"))
    }

    /// Passes the token that leads a level deeper, and returns that level.
    fn enter(&mut self, level: usize) -> Result<usize, QueryError> {
        let position = self.tokens[self.at].position;
        self.at += 1;
        if level < MAX_LEVELS {
            return Ok(level + 1);
        }
        let problem = format!("more than {MAX_LEVELS} levels of parentheses and exclusions");
        Err(QueryError::new(position, problem))
    }

    fn text(&mut self, text: &str, quoted: bool) -> Result<Expr, QueryError> {
        let position = self.tokens[self.at].position;
        if is_blank(text) {
            return Err(QueryError::new(position, "no words between the quotation marks"));
        }
        self.count(position)?;
        self.at += 1;
        let text = text.to_owned();
        Ok(Expr::Is(Condition::Text { field: TextField::Any, text, quoted }))
    }

    fn values(&mut self, field: Field, values: &[Value]) -> Result<Expr, QueryError> {
        let mut parts = Vec::new();
        for value in values {
            self.count(value.position)?;
            parts.push(Expr::Is(condition(field, value, self.now)?));
        }
        Ok(Expr::any(parts))
    }

    fn count(&mut self, position: usize) -> Result<(), QueryError> {
        self.conditions += 1;
        if self.conditions <= MAX_CONDITIONS {
            return Ok(());
        }
        Err(QueryError::new(position, format!("more than {MAX_CONDITIONS} conditions")))
    }

    /// The error for a place that lacks a word, a phrase, a field or a group.
    fn missing(&self) -> QueryError {
        let before = self.at.checked_sub(1).map(|at| &self.tokens[at]);
        match (before, self.next()) {
            (_, Some(Token { position, kind: kind @ (Kind::And | Kind::Or) })) => {
                QueryError::new(*position, format!("nothing before `{}`", name(kind)))
            }
            (Some(Token { position, kind: Kind::Open }), Some(_)) => {
                QueryError::new(*position, "nothing between the parentheses")
            }
            (Some(Token { position, kind: Kind::Open }), None) => {
                QueryError::new(*position, "unclosed parenthesis")
            }
            (Some(Token { position, kind }), _) => {
                QueryError::new(*position, format!("nothing follows `{}`", name(kind)))
            }
            (None, Some(close)) => QueryError::new(close.position, UNMATCHED),
            (None, None) => QueryError::new(0, "no words to search for"),
        }
    }
}

fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::And => "AND",
        Kind::Or => "OR",
        _ => "NOT",
    }
}
