//! The words of a text, without what no one speaks.

/// The characters of `text` without those of web and mail addresses, and a space behind each run
/// of others. In scripts without spaces an address may stand in a sentence, so only its ASCII
/// characters are left out.
pub(super) fn prose(text: &str) -> impl Iterator<Item = char> {
    text.split_whitespace().flat_map(|token| {
        let is_address = is_address(token);
        token.chars().filter(move |letter| !is_address || !letter.is_ascii()).chain([' '])
    })
}

fn is_address(token: &str) -> bool {
    token.contains("://") || token.contains('@') || token.starts_with("www.")
}
