//! Reads the addresses of services as people type them.

use anyhow::{Context, ensure};
use url::Url;

/// Returns the address `text` without a slash at its end. It may lack its scheme, as in
/// `127.0.0.1:8080`.
///
/// # Errors
/// Names `text` and shows `example` if it is no http(s) address.
pub fn service_address(text: &str, example: &str) -> anyhow::Result<String> {
    let typed = text.trim();
    let with_scheme = match typed.contains("://") {
        true => typed.to_owned(),
        false => format!("http://{typed}"),
    };
    let wrong = || format!("{text:?} is no address of a service; write it as {example}");
    let url = Url::parse(&with_scheme).ok().filter(Url::has_host).with_context(wrong)?;
    ensure!(matches!(url.scheme(), "http" | "https"), wrong());
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "http://127.0.0.1:8080";

    #[test]
    fn an_address_without_a_scheme_is_one_of_http() {
        for (typed, meant) in [
            ("127.0.0.1:8080", EXAMPLE),
            ("localhost:8080/", "http://localhost:8080"),
            ("https://news.example/", "https://news.example"),
            (" http://127.0.0.1:8080 ", EXAMPLE),
        ] {
            assert_eq!(service_address(typed, EXAMPLE).unwrap(), meant);
        }
    }

    #[test]
    fn what_is_no_address_is_named_once_with_an_example() {
        for typed in ["", "http://", "ftp://a.example", "not an address"] {
            let error = format!("{:#}", service_address(typed, EXAMPLE).unwrap_err());
            assert_eq!(error.matches("no address").count(), 1, "{error}");
            assert!(error.contains(EXAMPLE), "{error}");
        }
    }
}
