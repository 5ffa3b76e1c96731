//! Prepares URLs for requests.

use courant_dedup::{registered_domain_of, unwrapped};
use url::Url;

use crate::outcome::Refusal;

/// Removes the fragment, user name and password from a URL. Refuses schemes other than HTTP and
/// HTTPS.
pub(crate) fn clean(mut url: Url) -> Result<Url, Refusal> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Refusal::InvalidUrl);
    }
    url.set_fragment(None);
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| Refusal::InvalidUrl)?;
    Ok(url)
}

/// Returns the page that a source's URL names. A link that counts clicks is replaced by its
/// target, because services that count clicks forbid robots and show no article.
pub(crate) fn named(url: Url) -> Result<Url, Refusal> {
    unwrapped(url).map_err(|_| Refusal::InvalidUrl).and_then(clean)
}

/// Returns the registered domain of `url`, whose turns a request takes.
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
