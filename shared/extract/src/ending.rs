//! Tells documents that end properly from those that were cut, whatever length their server stated.

/// The tags that end a page, a feed or a sitemap.
const LAST_TAGS: [&[u8]; 6] =
    [b"</html>", b"</rss>", b"</feed>", b"</rdf:RDF>", b"</urlset>", b"</sitemapindex>"];

/// Returns true if a page, feed or sitemap has its closing tag and only blanks and comments after
/// it. Also returns true if the document is JSON as a whole.
pub fn is_complete(document: &[u8]) -> bool {
    let mut rest = document.trim_ascii_end();
    while let Some(comment) = rest.strip_suffix(b"-->") {
        let Some(start) = comment.windows(4).rposition(|window| window == b"<!--") else { break };
        rest = comment[..start].trim_ascii_end();
    }
    let ends_with = |tag: &&[u8]| {
        let start = rest.len().saturating_sub(tag.len());
        rest[start..].eq_ignore_ascii_case(tag)
    };
    LAST_TAGS.iter().any(ends_with) || is_json(rest)
}

fn is_json(document: &[u8]) -> bool {
    let is_object = document.trim_ascii_start().starts_with(b"{") && document.ends_with(b"}");
    is_object && serde_json::from_slice::<serde::de::IgnoredAny>(document).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tag_shows_that_nothing_is_missing() {
        for whole in [
            "<html><p>x</p></HTML>\r\n",
            "<html></html><!-- cached --> <!-- 0.3 s -->",
            "<rss></rss>",
            "{\"items\": []}\n",
        ] {
            assert!(is_complete(whole.as_bytes()), "{whole}");
        }
        for cut in ["", "<html><p>x", "<html></html> x", "<rss><item/>", "{\"a\": [{}", "-->"] {
            assert!(!is_complete(cut.as_bytes()), "{cut}");
        }
    }
}
