//! Backups of an archive and their restore, and copies of an archive between SQLite and Postgres.
//!
//! A backup is a folder: one SQLite file with everything that is stored, the promoted models, and a
//! list of the files with their hashes. It is made beside a running pipeline. The search index is
//! not part of it: it is made anew from the store.
//!
//! Whatever was deleted on request stays deleted: a restore or copy takes the tombstones of its
//! target over, and deletes what they name.

mod copy;
mod error;
mod folder;
mod manifest;
mod place;
mod restore;

pub use copy::{Copied, copy};
pub use error::Error;
pub use folder::{back_up_file, back_up_server, check};
pub use manifest::{FileEntry, Manifest};
pub use place::Place;
pub use restore::{Restored, restore};
