//! The limits of this process.

/// Returns the most files that this process may have open; `None` if the system does not tell.
pub fn open_files_limit() -> Option<u64> {
    soft_limit(&std::fs::read_to_string("/proc/self/limits").ok()?, "Max open files")
}

/// Returns the soft limit of `resource` in a table of limits.
fn soft_limit(table: &str, resource: &str) -> Option<u64> {
    let line = table.lines().find_map(|line| line.strip_prefix(resource))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_from_its_line() {
        let table = "Limit                     Soft Limit           Hard Limit           Units\n\
                     Max processes             unlimited            unlimited            processes\n\
                     Max open files            256                  524288               files\n";
        assert_eq!(soft_limit(table, "Max open files"), Some(256));
        assert_eq!(soft_limit(table, "Max processes"), Some(u64::MAX));
        assert_eq!(soft_limit(table, "Max locked memory"), None);
    }
}
