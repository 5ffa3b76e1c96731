//! The words of a text, without web and mail addresses.

/// Returns the characters of `text` without web and mail addresses, and with one space after each
/// run of other characters than white space. In scripts without spaces an address may stand inside
/// a sentence, so only the ASCII characters of a run with an address are left out.
pub(super) fn prose(text: &str) -> impl Iterator<Item = char> {
    text.split_whitespace().flat_map(|token| {
        let is_address = is_address(token);
        token.chars().filter(move |letter| !is_address || !letter.is_ascii()).chain([' '])
    })
}

fn is_address(token: &str) -> bool {
    token.contains("://") || token.contains('@') || token.starts_with("www.")
}
