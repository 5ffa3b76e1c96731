//! Cuts a query text into tokens.

use crate::error::QueryError;
use crate::field::Field;

/// The most code points that a query text may have.
pub const MAX_CHARS: usize = 1_000;

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
    /// The error for a value that is not `expected`.
    pub(crate) fn error(&self, expected: &str) -> QueryError {
        QueryError::new(self.position, format!("`{}` is not {expected}", self.text))
    }
}

/// Returns the tokens of a query. Words without a letter, such as a lone dash, are left out.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut lexer = Lexer::new(text)?;
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
    let mut lexer = Lexer::new(text)?;
    let mut values = Vec::new();
    loop {
        lexer.skip_space();
        values.push(lexer.value(Lexer::end_of_parameter)?);
        lexer.skip_space();
        match lexer.mark(lexer.at) {
            None => return Ok(values),
            Some(',') => lexer.at += 1,
            Some(_) => return Err(QueryError::new(lexer.at, "a comma is missing")),
        }
    }
}

/// Returns true if `text` is one word as it stands.
pub(crate) fn is_word(text: &str) -> bool {
    let word = Kind::Word(text.to_owned());
    tokens(text).is_ok_and(|found| matches!(found.as_slice(), [token] if token.kind == word))
}

/// Returns true if `text` is one value of a field without quotation marks.
pub(crate) fn is_value(text: &str) -> bool {
    let is_same =
        |values: &[Value]| matches!(values, [value] if value.text == text && !value.quoted);
    let is_whole = |token: &Token| matches!(&token.kind, Kind::Field(_, values) if is_same(values));
    let query = format!("{}:{text}", Field::Title.name());
    tokens(&query).is_ok_and(|found| matches!(found.as_slice(), [token] if is_whole(token)))
}

/// Returns true if a backslash must stand before `c` in a phrase.
pub(crate) fn is_escaped(c: char) -> bool {
    matches!(folded(c), '"' | '\\')
}

/// Returns true if no character of `text` is one to search for.
pub(crate) fn is_blank(text: &str) -> bool {
    let is_mark = |c: char| {
        c.is_ascii_punctuation()
            || c.is_whitespace()
            || matches!(c, '\u{2010}'..='\u{205E}' | '\u{3001}'..='\u{3003}' | '«' | '»')
    };
    text.chars().all(is_mark)
}

/// Returns one form for all characters that mean the same in the grammar.
fn folded(c: char) -> char {
    match c {
        '“' | '”' | '„' | '‟' | '«' | '»' | '＂' => '"',
        '：' => ':',
        '（' => '(',
        '）' => ')',
        '，' => ',',
        '｜' => '|',
        '－' => '-',
        space if space.is_whitespace() => ' ',
        other => other,
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn new(text: &str) -> Result<Self, QueryError> {
        let chars: Vec<char> = text.chars().take(MAX_CHARS + 1).collect();
        if chars.len() > MAX_CHARS {
            let error = QueryError::new(MAX_CHARS, "the query is too long: it goes on");
            return Err(error.advise(format!("at most {MAX_CHARS} characters are allowed")));
        }
        Ok(Self { chars, at: 0 })
    }

    fn mark(&self, at: usize) -> Option<char> {
        self.chars.get(at).copied().map(folded)
    }

    fn text(&self, from: usize, until: usize) -> String {
        self.chars[from..until].iter().collect()
    }

    fn skip_space(&mut self) {
        while self.mark(self.at) == Some(' ') {
            self.at += 1;
        }
    }

    fn token(&mut self) -> Result<Option<Token>, QueryError> {
        self.skip_space();
        let position = self.at;
        let Some(first) = self.mark(position) else { return Ok(None) };
        let kind = match first {
            '(' => self.sign(Kind::Open),
            ')' => self.sign(Kind::Close),
            '|' if self.mark(position + 1) == Some('|') => {
                self.at += 1;
                self.sign(Kind::Or)
            }
            '|' => self.sign(Kind::Or),
            '-' if self.is_exclusion() => self.sign(Kind::Not),
            '"' => Kind::Phrase(self.phrase()?),
            _ => match self.field_name(position) {
                Some(name) => self.field(&name)?,
                None => self.word(),
            },
        };
        Ok(Some(Token { position, kind }))
    }

    fn sign(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    /// Tells an exclusion from a lone dash, an option such as `--release`, and an arrow.
    fn is_exclusion(&self) -> bool {
        let next = self.mark(self.at + 1);
        next.is_some_and(|next| !matches!(next, ' ' | '-' | ')' | '|' | '>'))
    }

    fn word(&mut self) -> Kind {
        let word = self.until(self.end_of_word());
        operator(&word).unwrap_or(Kind::Word(word))
    }

    /// Returns the end of the word that starts here. Parentheses that open and close inside the
    /// word belong to it, as in `main()`; so does the mark of inches in `12"`.
    fn end_of_word(&self) -> usize {
        let mut at = self.at;
        while let Some(mark) = self.mark(at) {
            match mark {
                '(' if operator(&self.text(self.at, at)).is_some() => break,
                '(' => match self.closing(at) {
                    Some(close) => at = close,
                    None => break,
                },
                '"' if self.is_inch(at) => {}
                ' ' | ')' | '|' | '"' => break,
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Returns the place of the parenthesis that closes the one at `open`, if no space comes first.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in open.. {
            match self.mark(at)? {
                '(' => depth += 1,
                ')' if depth == 1 => return Some(at),
                ')' => depth -= 1,
                ' ' | '|' | '"' => return None,
                _ => {}
            }
        }
        None
    }

    fn is_inch(&self, at: usize) -> bool {
        let is_number = at > self.at && self.chars[at - 1].is_ascii_digit();
        is_number && matches!(self.mark(at + 1), None | Some(' ' | ')' | ',' | '|'))
    }

    /// Reads a phrase. `\"` and `\\` stand for a quotation mark and a backslash in it.
    fn phrase(&mut self) -> Result<String, QueryError> {
        let open = self.at;
        let mut text = String::new();
        loop {
            self.at += 1;
            match self.mark(self.at) {
                None => return Err(QueryError::new(open, "unclosed quotation mark")),
                Some('"') => break,
                Some('\\') if matches!(self.mark(self.at + 1), Some('"' | '\\')) => self.at += 1,
                Some(_) => {}
            }
            text.push(self.chars[self.at]);
        }
        self.at += 1;
        Ok(text.trim().to_owned())
    }

    /// Returns the name of the field that starts at `start`. A URL, a path such as `std::fmt`, and
    /// an unknown name before a space, as in a headline, are words.
    fn field_name(&self, start: usize) -> Option<String> {
        let is_name = |c: &&char| c.is_ascii_alphabetic() || **c == '_';
        let colon = start + self.chars[start..].iter().take_while(is_name).count();
        if colon == start || self.mark(colon) != Some(':') {
            return None;
        }
        let name = self.text(start, colon);
        let follows = (self.mark(colon + 1), self.mark(colon + 2));
        let is_word = match follows {
            _ if Field::named(&name).is_some() => false,
            (None | Some(' ' | ')' | ':' | '\\'), _) | (Some('/'), Some('/')) => true,
            _ => false,
        };
        (!is_word).then_some(name)
    }

    fn field(&mut self, name: &str) -> Result<Kind, QueryError> {
        let field = Field::named(name).ok_or_else(|| unknown_field(name, self.at))?;
        let start = self.at;
        self.at += name.len() + 1;
        if self.mark(self.at) == Some('(') {
            let error = QueryError::new(self.at, format!("parenthesis behind `{name}:`"));
            return Err(error.advise("separate several values by commas"));
        }
        if matches!(self.mark(self.at), None | Some(' ' | ')')) {
            let error = QueryError::new(start, format!("no value behind `{name}:`"));
            return Err(error.advise("write it without a space, in quotation marks if it has some"));
        }
        let mut values = vec![self.value(Self::end_of_value)?];
        while self.is_next_value() {
            self.at += 1;
            values.push(self.value(Self::end_of_value)?);
        }
        Ok(Kind::Field(field, values))
    }

    /// Tells a comma, or a bar as in `lang:en|de`, from a bar before another field.
    fn is_next_value(&self) -> bool {
        let next = self.at + 1;
        let starts_value = |mark: char| mark.is_alphanumeric() || mark == '"';
        match self.mark(self.at) {
            Some(',') => true,
            Some('|') => {
                self.mark(next).is_some_and(starts_value) && self.field_name(next).is_none()
            }
            _ => false,
        }
    }

    /// Reads a value in quotation marks, or up to the place that `end` gives.
    fn value(&mut self, end: fn(&Self) -> usize) -> Result<Value, QueryError> {
        let position = self.at;
        let quoted = self.mark(position) == Some('"');
        let text = if quoted { self.phrase()? } else { self.until(end(self)) };
        if text.is_empty() {
            return Err(QueryError::new(position, "a value is missing"));
        }
        Ok(Value { position, text, quoted })
    }

    /// Passes everything up to `end`, and returns it.
    fn until(&mut self, end: usize) -> String {
        let text = self.text(self.at, end);
        self.at = end;
        text.trim().to_owned()
    }

    fn end_of_value(&self) -> usize {
        let comma = self.end_of_parameter();
        self.end_of_word().min(comma)
    }

    fn end_of_parameter(&self) -> usize {
        let until_comma = (self.at..self.chars.len()).find(|at| self.mark(*at) == Some(','));
        until_comma.unwrap_or(self.chars.len())
    }
}

pub(crate) fn unknown_field(name: &str, position: usize) -> QueryError {
    QueryError::new(position, format!("unknown field `{name}`")).advise(Field::advice(name))
}

fn operator(word: &str) -> Option<Kind> {
    match word {
        "AND" => Some(Kind::And),
        "OR" => Some(Kind::Or),
        "NOT" => Some(Kind::Not),
        _ => None,
    }
}
