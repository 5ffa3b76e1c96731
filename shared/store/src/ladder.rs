//! The steps by which a database comes to the tables of this release.
//!
//! Each step is a file `migrations/{postgres,sqlite}/NNN_name.sql`. A step that was
//! released never changes: a change of the tables is a new file in both folders.

use crate::error::Error;

/// The schema version of a store, and the newest version that this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaVersions {
    /// The version of the store; 0 if it has no tables yet.
    pub found: i64,
    /// The newest known version.
    pub known: i64,
}

impl SchemaVersions {
    /// Checks that this program can work with the store.
    ///
    /// # Errors
    /// [`Error::Newer`] if a newer version of Courant made the tables.
    pub fn check(self) -> Result<Self, Error> {
        let Self { found, known } = self;
        if found > known { Err(Error::Newer { found, known }) } else { Ok(self) }
    }

    /// Returns true if the store lacks migration steps.
    pub fn is_pending(self) -> bool {
        self.found < self.known
    }
}

/// One file of `migrations`.
#[derive(Debug)]
pub(crate) struct MigrationStep {
    pub(crate) number: i64,
    #[cfg(test)]
    name: &'static str,
    sql: &'static str,
}

impl MigrationStep {
    /// The statements, for vectors of this dimension.
    pub(crate) fn sql(&self, dimension: usize) -> String {
        self.sql.replace("{dimension}", &dimension.to_string())
    }
}

/// All steps of a back end, by their numbers, which rise.
#[derive(Debug)]
pub(crate) struct MigrationLadder(&'static [MigrationStep]);

impl MigrationLadder {
    /// A store with tables of version `found`.
    pub(crate) fn schema(&self, found: i64) -> SchemaVersions {
        SchemaVersions { found, known: self.0.last().map_or(0, |step| step.number) }
    }

    /// The steps that a store of version `found` lacks, in their order.
    ///
    /// # Errors
    /// [`Error::Newer`] if a newer version of Courant made the tables.
    pub(crate) fn missing(
        &self,
        found: i64,
    ) -> Result<impl Iterator<Item = &MigrationStep>, Error> {
        self.schema(found).check()?;
        Ok(self.0.iter().filter(move |step| step.number > found))
    }
}

macro_rules! ladder {
    ($folder:literal: $($number:literal $name:literal),* $(,)?) => {
        MigrationLadder(&[$(MigrationStep {
            number: $number,
            #[cfg(test)]
            name: $name,
            sql: include_str!(concat!("../migrations/", $folder, "/", $name, ".sql")),
        }),*])
    };
}

pub(crate) const POSTGRES: MigrationLadder = ladder!("postgres": 1 "001_articles", 2 "002_sketches", 3 "003_crawl", 4 "004_leases", 5 "005_page_fields", 6 "006_obligations", 7 "007_evidence", 8 "008_vectors", 9 "009_changes", 10 "010_facts", 11 "011_encoder", 12 "012_partitions", 13 "013_article_triggers", 30 "030_deletion");
pub(crate) const SQLITE: MigrationLadder = ladder!("sqlite": 1 "001_articles", 2 "002_sketches", 3 "003_crawl", 4 "004_leases", 5 "005_page_fields", 6 "006_obligations", 7 "007_evidence", 8 "008_vectors", 9 "009_changes", 10 "010_facts", 11 "011_encoder", 12 "012_partitions", 13 "013_article_triggers", 30 "030_deletion");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn names(ladder: &MigrationLadder) -> Vec<String> {
        ladder.0.iter().map(|step| format!("{}.sql", step.name)).collect()
    }

    fn files(folder: &str) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn each_ladder_is_its_folder() {
        assert_eq!(names(&POSTGRES), files("postgres"));
        assert_eq!(names(&SQLITE), files("sqlite"));
    }

    #[test]
    fn both_ladders_have_the_same_numbers_which_rise() {
        for ladder in [&POSTGRES, &SQLITE] {
            assert!(ladder.0.is_sorted_by(|a, b| a.number < b.number));
            for step in ladder.0 {
                assert!(step.name.starts_with(&format!("{:03}_", step.number)), "{}", step.name);
            }
        }
        let numbers = |ladder: &MigrationLadder| -> Vec<i64> {
            ladder.0.iter().map(|step| step.number).collect()
        };
        assert_eq!(numbers(&POSTGRES), numbers(&SQLITE));
    }

    #[test]
    fn only_what_is_missing_is_done_and_a_newer_schema_is_refused() {
        let missing = |found| -> Vec<i64> {
            POSTGRES.missing(found).unwrap().map(|step| step.number).collect()
        };
        let known = POSTGRES.schema(0).known;
        let all: Vec<i64> = POSTGRES.0.iter().map(|step| step.number).collect();
        assert_eq!(missing(0), all);
        assert_eq!(missing(1), all[1..]);
        assert!(missing(known).is_empty());
        assert!(POSTGRES.schema(1).is_pending() && !POSTGRES.schema(known).is_pending());
        let newer = POSTGRES.missing(known + 1).err();
        assert!(matches!(newer, Some(Error::Newer { .. })), "{newer:?}");
    }
}
