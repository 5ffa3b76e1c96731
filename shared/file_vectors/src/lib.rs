//! The vectors of articles in a SQLite file, by the articles' numbers.
//!
//! The table `article_vector` has their values, `article_code` one bit of each value. A process
//! loads the codes; a search scans them for candidates, whose values it reads from the file and
//! compares exactly ([`Resident`]). The table `setting` has what the file remembers about itself.

mod depth;
mod error;
mod matrix;
mod resident;
pub mod settings;
pub mod tables;

pub use error::Error;
pub use resident::Resident;
