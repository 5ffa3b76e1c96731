//! Paths that tell an article from others by themselves.

/// Tells a path that names an article by a slug (two hyphens) or a number (five
/// digits): `/view.php` does not.
pub(crate) fn names_an_article(path: &str) -> bool {
    path.rsplit('/').find(|segment| !segment.is_empty()).is_some_and(is_distinctive)
}

/// Tells a segment that looks like a slug or an article's number.
pub(crate) fn is_distinctive(segment: &str) -> bool {
    let count = |is: fn(&u8) -> bool| segment.as_bytes().iter().filter(|byte| is(byte)).count();
    count(|byte| matches!(byte, b'-' | b'_')) >= 2 || count(u8::is_ascii_digit) >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_and_numbers_name_an_article() {
        for path in ["/news/mayor-opens-bridge", "/a/161342", "/7,114883,x.html", "/a_b_c/"] {
            assert!(names_an_article(path), "{path}");
        }
        for path in ["/", "/view.php", "/news/story", "/index.php", "/2016/05/view", "/news-list"] {
            assert!(!names_an_article(path), "{path}");
        }
    }
}
