//! Says an error and its causes in one line.

/// Returns the error and its causes, separated by colons. Leaves out a cause that the message
/// before it says already, as the messages of some libraries do.
pub fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        match line.ends_with(&cause) {
            true => {}
            false if line.is_empty() => line = cause,
            false => line = format!("{line}: {cause}"),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let error = anyhow::anyhow!("no such name").context("lookup failed: no such name");
        let error = error.context("cannot reach the bus");
        assert_eq!(in_one_line(&error), "cannot reach the bus: lookup failed: no such name");
        assert_eq!(in_one_line(&anyhow::anyhow!("alone")), "alone");
    }
}
