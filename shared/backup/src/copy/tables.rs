//! The tables that are copied row by row, with the types of their columns.

/// The type of a column in Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Bytes,
    Integer,
    Boolean,
    Text,
}

impl ColumnType {
    /// The name of an array of it.
    pub(crate) fn array(self) -> &'static str {
        match self {
            Self::Bytes => "bytea[]",
            Self::Integer => "bigint[]",
            Self::Boolean => "boolean[]",
            Self::Text => "text[]",
        }
    }
}

/// A table. Its first columns are its key.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: usize,
    pub(crate) columns: &'static [(&'static str, ColumnType)],
    /// True if the first column has the id of an article, or the key of its page.
    pub(crate) is_of_article: bool,
    /// True if Postgres gives the numbers in the key.
    pub(crate) is_numbered: bool,
}

use ColumnType::{Boolean, Bytes, Integer, Text};

pub(crate) const TOMBSTONES: Table = Table {
    name: "tombstone",
    key: 2,
    columns: &[("id", Bytes), ("content_hash", Bytes)],
    is_of_article: false,
    is_numbered: false,
};

/// All but the articles, their versions, vectors and facts, which come with the articles; and but
/// leases, which are those of one pipeline.
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "fingerprint",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("content_hash", Bytes),
            ("site", Text),
            ("observed", Integer),
            ("revision", Integer),
            ("seen", Integer),
            ("decision", Text),
            ("of", Bytes),
            ("open", Boolean),
            ("claimed_at_ms", Integer),
        ],
        is_of_article: true,
        is_numbered: false,
    },
    Table {
        name: "sketch",
        key: 1,
        columns: &[
            ("number", Integer),
            ("id", Bytes),
            ("content_hash", Bytes),
            ("site", Text),
            ("sketch", Bytes),
            ("claimed_at_ms", Integer),
        ],
        is_of_article: false,
        is_numbered: true,
    },
    Table {
        name: "visit",
        key: 1,
        columns: &[
            ("key", Bytes),
            ("url", Text),
            ("etag", Text),
            ("last_modified", Text),
            ("fetched_at_ms", Integer),
            ("status", Integer),
            ("content_hash", Bytes),
        ],
        is_of_article: true,
        is_numbered: false,
    },
    Table {
        name: "listing",
        key: 1,
        columns: &[
            ("key", Bytes),
            ("url", Text),
            ("kind", Text),
            ("checked_at_ms", Integer),
            ("next_check_at_ms", Integer),
            ("interval_s", Integer),
            ("failures", Integer),
            ("problem", Text),
            ("fingerprint", Bytes),
            ("leads_to", Text),
        ],
        is_of_article: false,
        is_numbered: false,
    },
    Table {
        name: "crawl_note",
        key: 2,
        columns: &[
            ("kind", Text),
            ("key", Bytes),
            ("name", Text),
            ("body", Text),
            ("until_ms", Integer),
            ("domain", Text),
            ("epoch", Integer),
        ],
        is_of_article: false,
        is_numbered: false,
    },
];

impl Table {
    fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|(name, _)| *name).collect()
    }

    /// The columns, with commas between.
    pub(crate) fn list(&self) -> String {
        self.names().join(", ")
    }

    /// The columns of the key, in brackets.
    pub(crate) fn key_list(&self) -> String {
        format!("({})", self.names()[..self.key].join(", "))
    }

    /// The assignments that replace a row by another.
    pub(crate) fn replacement(&self) -> String {
        let rest = &self.names()[self.key..];
        let set: Vec<String> =
            rest.iter().map(|name| format!("{name} = excluded.{name}")).collect();
        if set.is_empty() { "NOTHING".into() } else { format!("UPDATE SET {}", set.join(", ")) }
    }
}
