//! Places in lists, as answers and requests write them.

use std::fmt;
use std::str::FromStr;

use courant_article::ArticleId;

/// The place behind which a page begins, and the state of the index that it was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The number of the last change that could be found.
    pub change: i64,
    /// The place.
    pub place: Place,
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind so many articles of a ranked list.
    Ranked(usize),
    /// Behind an article in a list by time.
    Time {
        /// The time of the article, Unix milliseconds.
        time_ms: i64,
        /// The article.
        id: ArticleId,
    },
}

/// A text that is no cursor: its beginning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no cursor; take one from an answer")]
pub struct NoCursor(String);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Ranked(skip) => write!(f, "{}~r{skip}", self.change),
            Place::Time { time_ms, id } => write!(f, "{}~t{time_ms}_{id}", self.change),
        }
    }
}

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let read = || {
            let (change, place) = text.split_once('~')?;
            let place = match place.split_at_checked(1)? {
                ("r", skip) => Place::Ranked(skip.parse().ok()?),
                ("t", place) => {
                    let (time_ms, id) = place.split_once('_')?;
                    Place::Time { time_ms: time_ms.parse().ok()?, id: id.parse().ok()? }
                }
                _ => return None,
            };
            Some(Self { change: change.parse().ok()?, place })
        };
        read().ok_or_else(|| NoCursor(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let time = Place::Time { time_ms: -5, id: ArticleId::from_bytes([7; 16]) };
        for place in [Place::Ranked(20), time] {
            let cursor = Cursor { change: 12, place };
            assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }
    }

    #[test]
    fn any_other_text_is_no_cursor() {
        for wrong in ["", "~", "1~", "1~x2", "1~r-1", "x~r1", "1~t5", "1~t5_zz", "1~é"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
