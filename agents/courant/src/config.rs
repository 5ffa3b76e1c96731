//! `courant config`: prints every key of the configuration.

use crate::sections;

/// Prints the reference of the configuration.
pub(crate) fn run() {
    out!("{}", sections::reference());
}
