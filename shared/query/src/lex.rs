//! Cuts a query text into tokens.

use crate::chars::{Chars, is_blank};
use crate::error::QueryError;
use crate::field::Field;

/// A token and its place, in code points from 0.
#[derive(Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) position: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    Open,
    Close,
    And,
    Or,
    Not,
    Word(String),
    Phrase(String),
    Field(Field, Vec<Value>),
}

/// One value of a field.
#[derive(Debug, PartialEq)]
pub(crate) struct Value {
    pub(crate) position: usize,
    pub(crate) text: String,
    pub(crate) quoted: bool,
}

impl Value {
    pub(crate) fn error(&self, problem: &str) -> QueryError {
        QueryError::new(self.position, format!("`{}` {problem}", self.text))
    }
}

/// Returns the tokens of a query. Words without a letter, such as a lone dash, are left out.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut lexer = Lexer { chars: Chars::new(text)?, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token()? {
        if !matches!(&token.kind, Kind::Word(word) if is_blank(word)) {
            tokens.push(token);
        }
    }
    Ok(tokens)
}

/// Returns the values in `text`, which stand between commas and may contain spaces.
pub(crate) fn values(text: &str) -> Result<Vec<Value>, QueryError> {
    let mut lexer = Lexer { chars: Chars::new(text)?, at: 0 };
    let mut values = Vec::new();
    loop {
        lexer.skip_space();
        values.push(lexer.value(Chars::comma)?);
        lexer.skip_space();
        match lexer.sign() {
            None => return Ok(values),
            Some(',') => lexer.at += 1,
            Some(_) => return Err(QueryError::new(lexer.at, "a comma is missing")),
        }
    }
}

/// Returns true if `text` is one word as it stands.
pub(crate) fn is_word(text: &str) -> bool {
    let word = Kind::Word(text.to_owned());
    tokens(text).is_ok_and(|found| matches!(found.as_slice(), [only] if only.kind == word))
}

/// Returns true if `text` is one value of a field without quotation marks.
pub(crate) fn is_value(text: &str) -> bool {
    let field = Field::Title;
    let position = field.name().len() + 1;
    let value = Value { position, text: text.to_owned(), quoted: false };
    let token = Token { position: 0, kind: Kind::Field(field, vec![value]) };
    tokens(&format!("{}:{text}", field.name())).is_ok_and(|found| found == [token])
}

pub(crate) fn unknown_field(name: &str, position: usize) -> QueryError {
    QueryError::new(position, format!("unknown field `{name}`")).advise(Field::advice(name))
}

struct Lexer {
    chars: Chars,
    at: usize,
}

impl Lexer {
    fn sign(&self) -> Option<char> {
        self.chars.sign(self.at)
    }

    fn skip_space(&mut self) {
        self.at = self.chars.after_space(self.at);
    }

    /// Passes everything up to `end`, and returns it.
    fn take(&mut self, end: usize) -> String {
        let text = self.chars.text(self.at, end);
        self.at = end;
        text.trim().to_owned()
    }

    fn token(&mut self) -> Result<Option<Token>, QueryError> {
        self.skip_space();
        let position = self.at;
        let Some(first) = self.sign() else { return Ok(None) };
        let kind = match first {
            '(' => self.operator(1, Kind::Open),
            ')' => self.operator(1, Kind::Close),
            '|' if self.chars.sign(position + 1) == Some('|') => self.operator(2, Kind::Or),
            '|' => self.operator(1, Kind::Or),
            '-' if self.chars.is_exclusion(position) => self.operator(1, Kind::Not),
            '"' => Kind::Phrase(self.phrase()?),
            _ => match self.chars.field_name(position) {
                Some(name) => self.field(&name)?,
                None => self.word(),
            },
        };
        Ok(Some(Token { position, kind }))
    }

    fn operator(&mut self, length: usize, kind: Kind) -> Kind {
        self.at += length;
        kind
    }

    fn word(&mut self) -> Kind {
        let word = self.take(self.chars.end_of_word(self.at));
        match word.as_str() {
            "AND" => Kind::And,
            "OR" => Kind::Or,
            "NOT" => Kind::Not,
            _ => Kind::Word(word),
        }
    }

    /// Reads a phrase. `\"` and `\\` stand for a quotation mark and a backslash in it.
    fn phrase(&mut self) -> Result<String, QueryError> {
        let open = self.at;
        let mut text = String::new();
        loop {
            self.at += 1;
            match (self.sign(), self.chars.sign(self.at + 1)) {
                (None, _) => return Err(QueryError::new(open, "unclosed quotation mark")),
                (Some('"'), _) => break,
                (Some('\\'), Some('"' | '\\')) => self.at += 1,
                _ => {}
            }
            text.push_str(&self.chars.text(self.at, self.at + 1));
        }
        self.at += 1;
        Ok(text.trim().to_owned())
    }

    fn field(&mut self, name: &str) -> Result<Kind, QueryError> {
        let start = self.at;
        let field = Field::named(name).ok_or_else(|| unknown_field(name, start))?;
        self.at += name.len() + 1;
        if matches!(self.sign(), None | Some(' ' | '(' | ')')) {
            let error = QueryError::new(start, format!("no value follows `{name}:`"));
            return Err(error.advise(format!("write `{name}:a`, `{name}:\"a b\"` or `{name}:a,b`")));
        }
        let end = |chars: &Chars, start| chars.end_of_word(start).min(chars.comma(start));
        let mut values = vec![self.value(end)?];
        while self.chars.is_next_value(self.at) {
            self.at += 1;
            values.push(self.value(end)?);
        }
        Ok(Kind::Field(field, values))
    }

    /// Reads a value in quotation marks, or up to the place that `end` finds.
    fn value(&mut self, end: fn(&Chars, usize) -> usize) -> Result<Value, QueryError> {
        let position = self.at;
        let quoted = self.sign() == Some('"');
        let text = if quoted { self.phrase()? } else { self.take(end(&self.chars, position)) };
        if text.is_empty() {
            return Err(QueryError::new(position, "a value is missing"));
        }
        Ok(Value { position, text, quoted })
    }
}
