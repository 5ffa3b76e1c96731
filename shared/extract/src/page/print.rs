//! Pages made for printing, which repeat an article that stands elsewhere.

use dom_query::Document;
use url::Url;

use super::shown::contains_folded;

/// Path segments, and the parts of segments after a mark, that name the print view of a page.
const SEGMENTS: [&str; 18] = [
    "print",
    "printable",
    "printer",
    "printview",
    "printversion",
    "printpage",
    "printarticle",
    "printfriendly",
    "printerfriendly",
    "drucken",
    "druckversion",
    "druckansicht",
    "imprimer",
    "imprimir",
    "stampa",
    "skriv-ut",
    "afdrukken",
    "drukuj",
];
/// Parameters that ask for the print view by their presence or by a flag.
const SWITCHES: [&str; 6] =
    ["print", "printable", "printview", "printversion", "printerfriendly", "printfriendly"];
/// Parameters that choose among views.
const VIEWS: [&str; 12] = [
    "view", "mode", "format", "output", "media", "type", "display", "layout", "style", "version",
    "action", "op",
];

/// Returns true if an address asks for the print view of a page: `/print/story`, `/story/print`,
/// `/story,print.html`, `/story?print=1`, `/story?view=print`.
pub fn is_print_url(url: &Url) -> bool {
    let segments: Vec<&str> =
        url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let ends = segments.first().into_iter().chain(segments.last());
    ends.into_iter().any(|segment| is_print_segment(segment))
        || url.query_pairs().any(|(name, value)| is_print_parameter(&name, &value))
}

fn is_print_segment(segment: &str) -> bool {
    let stem = segment
        .rsplit_once('.')
        .map_or(segment, |(stem, extension)| if extension.len() <= 5 { stem } else { segment });
    let last = stem.rsplit([',', '_', '.', ';']).next().unwrap_or(stem);
    [stem, last].iter().any(|part| SEGMENTS.contains(&plain(part).as_str()))
}

fn is_print_parameter(name: &str, value: &str) -> bool {
    let (name, value) = (plain(name), plain(value));
    let is_flag = matches!(value.as_str(), "" | "1" | "true" | "yes" | "y" | "on" | "full");
    SWITCHES.contains(&name.as_str()) && (is_flag || SWITCHES.contains(&value.as_str()))
        || VIEWS.contains(&name.as_str()) && SEGMENTS[..9].contains(&value.as_str())
}

/// Returns the letters and digits of `text`, in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Returns true if a page is a print view by its address or its markup: it prints itself, or a
/// class of its body says so.
pub(super) fn is_print_view(document: &Document, url: &Url) -> bool {
    let body = document.select_single("body");
    let prints_itself =
        body.attr("onload").is_some_and(|script| contains_folded(&script, "print("));
    let is_called = |name: &str| SEGMENTS[1..9].contains(&plain(name).as_str());
    prints_itself
        || is_print_url(url)
        || body.attr_or("class", "").split_ascii_whitespace().any(is_called)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_print_views_are_told_from_those_of_stories() {
        for url in [
            "/print/bridge-toll-dropped",
            "/2024/05/bridge-toll-dropped/print",
            "/2024/05/bridge-toll-dropped/print/",
            "/bridge-toll-dropped,print.html",
            "/bridge-toll_print.html",
            "/article.print.html",
            "/print.php?id=7",
            "/printer-friendly/7",
            "/bridge-toll-dropped?print=1",
            "/bridge-toll-dropped?print",
            "/node/7?view=print",
            "/index.php?id=7&tmpl=component&print=1",
            "/7?media=printable",
            "/artikel/bruecke/druckversion",
        ] {
            assert!(is_print_url(&at(url)), "{url}");
        }
        for url in [
            "/",
            "/the-decline-of-print",
            "/3d-print",
            "/news/print-works-closes",
            "/printing/press-history",
            "/story?type=article",
            "/search?q=print",
            "/story?print=0",
        ] {
            assert!(!is_print_url(&at(url)), "{url}");
        }
    }

    fn at(path: &str) -> Url {
        format!("https://a.example{path}").parse().unwrap()
    }

    #[test]
    fn a_page_that_prints_itself_or_says_so_is_a_print_view() {
        for (body, is_print) in [
            ("<body onload='window.print()'>", true),
            ("<body class='page print-view'>", true),
            ("<body class='no-print'>", false),
            ("<link rel=stylesheet media=print href=x><body>", false),
            ("", false),
        ] {
            assert_eq!(is_print_view(&Document::from(body), &at("/story")), is_print, "{body}");
        }
    }
}
