//! `courant config`: every key of the configuration.

use crate::sections;

/// Prints the reference.
pub(crate) fn run() {
    out!("{}", sections::reference());
}
