//! URLs as the crawler asks for them.

use courant_dedup::{registered_domain_of, unwrapped};
use url::Url;

use crate::outcome::Refusal;

/// The URL without fragment, user name and password. Refuses all but HTTP and HTTPS.
pub(crate) fn clean(mut url: Url) -> Result<Url, Refusal> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Refusal::InvalidUrl);
    }
    url.set_fragment(None);
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| Refusal::InvalidUrl)?;
    Ok(url)
}

/// The page that a source names: behind a link that counts its clicks, the page that it leads
/// to. Whoever counts them forbids robots, and shows no article.
pub(crate) fn named(url: Url) -> Result<Url, Refusal> {
    unwrapped(url).map_err(|_| Refusal::InvalidUrl).and_then(clean)
}

/// The registered domain that a request to `url` takes its turn in.
pub(crate) fn domain_of(url: &Url) -> String {
    registered_domain_of(url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_carries_no_secret_and_no_fragment() {
        let url = clean("https://user:word@a.example/x?y#z".parse().unwrap()).unwrap();
        assert_eq!(url.as_str(), "https://a.example/x?y");
        let wrapped = "https://www.google.com/url?sa=t&url=https://a.example/x%3Fy%23z&usg=1";
        assert_eq!(named(wrapped.parse().unwrap()).unwrap().as_str(), "https://a.example/x?y");
        assert_eq!(clean("ftp://a.example/".parse().unwrap()), Err(Refusal::InvalidUrl));
    }
}
