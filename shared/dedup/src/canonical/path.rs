//! The path of an article: without sessions, AMP markers, and what servers add.

use super::amp;
use crate::percent::{self, Part};
use crate::tracking;

/// Names under which a server keeps the page of a folder.
const INDEX_STEMS: [&str; 2] = ["index", "default"];
const INDEX_EXTENSIONS: [&str; 8] = ["html", "htm", "shtml", "xhtml", "php", "asp", "aspx", "jsp"];

/// The path in normal form. An index page stays, since it may be a script that
/// reads its query; see [`without_index`].
pub(super) fn canonical(path: &str) -> String {
    let path = percent::normalized(path, Part::Path);
    let path = with_single_slashes(&path);
    let mut segments: Vec<&str> = path.split('/').skip(1).collect();
    segments.retain(|segment| !tracking::is_session_segment(segment));
    let segments = segments.into_iter().map(tracking::without_session).collect();
    let mut segments = amp::without_markers(segments);
    while segments.last().is_some_and(String::is_empty) {
        segments.pop();
    }
    format!("/{}", segments.join("/"))
}

/// The folder where `path` names its index page.
pub(super) fn without_index(path: &str) -> &str {
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    let is_index = last.rsplit_once('.').is_some_and(|(stem, extension)| {
        let is_one_of =
            |names: &[&str], name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        is_one_of(&INDEX_STEMS, stem) && is_one_of(&INDEX_EXTENSIONS, extension)
    });
    match (is_index, folder) {
        (false, _) => path,
        (true, "") => "/",
        (true, folder) => folder,
    }
}

/// The slashes of an embedded `http://` stay.
fn with_single_slashes(path: &str) -> String {
    let mut single = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !single.ends_with('/') || single.ends_with(":/") {
            single.push(c);
        }
    }
    single
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_add_goes() {
        for (path, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/a/", "/a"),
            ("//a///b//", "/a/b"),
            ("/web/http://b.example//c/", "/web/http://b.example/c"),
            ("/(S(4hqa0555fwsecu455xqckv45))/a.aspx", "/a.aspx"),
            ("/a;jsessionid=0123456789ABCDEF/b", "/a/b"),
            ("/a/;jsessionid=0123456789ABCDEF", "/a"),
        ] {
            assert_eq!(canonical(path), expected, "{path}");
        }
    }

    #[test]
    fn an_index_page_is_its_folder() {
        for (path, folder) in [
            ("/index.html", "/"),
            ("/2016/05/story/index.html", "/2016/05/story"),
            ("/a/Default.aspx", "/a"),
            ("/a/index.php", "/a"),
            ("/a/index", "/a/index"),
            ("/a/index.pdf", "/a/index.pdf"),
            ("/a/reindex.html", "/a/reindex.html"),
        ] {
            assert_eq!(without_index(path), folder);
        }
    }
}
