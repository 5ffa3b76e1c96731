//! Reads the addresses of pages as people type them.

use url::Url;

/// Parses the address of a page, for the command line.
///
/// # Errors
/// Says how an address is written.
pub(crate) fn page_address(text: &str) -> Result<Url, String> {
    Url::parse(text.trim())
        .ok()
        .ok_or_else(|| "not an address; write it as https://example.com/a".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_read_is_answered_with_an_example() {
        assert!(page_address("page.html").unwrap_err().contains("https://example.com/a"));
        assert_eq!(page_address(" https://a.example/x ").unwrap().path(), "/x");
    }
}
