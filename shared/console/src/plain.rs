//! Texts of strangers, made fit to be shown.

use url::Url;

/// Returns the text without signs that nobody sees and that could hide words or turn their
/// direction. The joiners stay, which Indic and Persian words and emoji need; line ends become
/// spaces.
pub(crate) fn line(text: &str) -> String {
    let visible = text.chars().filter(|c| !is_hidden(*c) || c.is_whitespace());
    let spaced = visible.map(|c| if c.is_whitespace() { ' ' } else { c });
    spaced.collect::<String>().trim().to_owned()
}

/// Returns true for controls, zero-width signs, changes of direction, and the tag characters, in
/// which whole sentences can be hidden.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Returns the address if a browser may be sent there: http or https alone.
pub(crate) fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// Returns the host of an address without `www.`.
pub(crate) fn host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

/// Returns the registered domain of an address, by which articles are counted.
pub(crate) fn site(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    Some(courant_article::registered_domain_of(url.host_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_signs_go_and_joiners_stay() {
        assert_eq!(line("A\u{202E}B\u{200B}C\nD\u{200D}E "), "ABC D\u{200D}E");
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        assert_eq!(web_address("https://a.example/b").as_deref(), Some("https://a.example/b"));
        for wrong in ["javascript:alert(1)", " data:text/html,x", "//a.example", "vbscript:x"] {
            assert_eq!(web_address(wrong), None, "{wrong}");
        }
    }
}
