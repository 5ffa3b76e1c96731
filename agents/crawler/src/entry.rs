//! Builds the entry that is submitted from a page and its listing. The value with the best
//! evidence wins.

use courant_article::{Entry, Evidence, Origin, PageFields, Sourced, Text};
use courant_extract::{Context, Page as Extracted, names};
use url::Url;

use crate::page::{Hint, Page};

/// Builds the entry of the page at `url` that was read in `context`.
pub(crate) fn article(url: &Url, found: &Page, page: Extracted, context: Context) -> Entry {
    let (hint, from) = (&found.hint, page.evidence);
    let title = Sourced::best([
        sourced(Some(page.title).filter(|title| !title.is_empty()), from.title),
        listed(hint.title.clone()),
    ]);
    let authors =
        Sourced::best([sourced(filled(page.authors), from.authors), listed_authors(hint)]);
    let published_at = Sourced::best([
        sourced(page.published_at, from.published_at),
        listed(hint.published_at.clone().filter(|at| context.allows(at))),
    ]);
    let language =
        Sourced::best([sourced(page.language, from.language), listed(hint.language.clone())]);
    let section = Sourced::best([sourced(page.section, from.section), listed_section(hint)]);
    let evidence = Evidence {
        title: origin(title.as_ref()),
        authors: origin(authors.as_ref()),
        published_at: origin(published_at.as_ref()),
        language: origin(language.as_ref()),
        section: origin(section.as_ref()),
        is_article: from.is_article,
    };
    Entry {
        url: url.to_string(),
        declared_canonical_url: page.canonical_url,
        title: value(title).unwrap_or_default(),
        authors: value(authors).unwrap_or_default(),
        published_at: value(published_at),
        language: value(language),
        site_name: page.site_name,
        text: Text::new(page.text),
        source: found.source.to_string(),
        page: PageFields {
            image: page.image,
            tags: page.tags,
            section: value(section),
            modified_at: page.modified_at,
            paywalled: page.paywalled,
            outer_id: None,
        },
        feed: hint.feed.clone(),
        evidence,
        ..Entry::default()
    }
    .bounded()
}

/// Pairs a value with its origin. A value without an origin counts as a guess.
fn sourced<T>(value: Option<T>, origin: Option<Origin>) -> Option<Sourced<T>> {
    value.map(|value| Sourced { value, origin: origin.unwrap_or(Origin::Guessed) })
}

fn listed<T>(value: Option<T>) -> Option<Sourced<T>> {
    sourced(value, Some(Origin::Listed))
}

/// Returns the authors that the feed names. Authors of the whole feed count as a guess.
fn listed_authors(hint: &Hint) -> Option<Sourced<Vec<String>>> {
    let authors = filled(names(hint.feed.authors.iter().map(String::as_str)));
    let origin = if hint.authors_are_inherited { Origin::Guessed } else { Origin::Listed };
    sourced(authors, Some(origin))
}

/// Returns the category of the feed's entry, if it has exactly one. Several categories are tags.
fn listed_section(hint: &Hint) -> Option<Sourced<String>> {
    match hint.feed.categories.as_slice() {
        [category] => listed(Some(category.clone())),
        _ => None,
    }
}

fn filled(names: Vec<String>) -> Option<Vec<String>> {
    Some(names).filter(|names| !names.is_empty())
}

fn origin<T>(sourced: Option<&Sourced<T>>) -> Option<Origin> {
    sourced.map(|sourced| sourced.origin)
}

fn value<T>(sourced: Option<Sourced<T>>) -> Option<T> {
    sourced.map(|sourced| sourced.value)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use courant_article::FeedFields;

    use super::*;
    use crate::page::{Lane, Named};

    /// 2024-05-08T00:00Z
    const NOW: Context = Context { fetched_at_ms: Some(1_715_126_400_000), is_listed: true };

    fn hint() -> Hint {
        Hint {
            title: Some("In the feed".into()),
            published_at: "2024-05-07T10:20:30Z".parse().ok(),
            language: Some("de".into()),
            feed: FeedFields {
                authors: vec!["By Ada Berg and Bo Chen".into()],
                categories: vec!["Local".into()],
                ..FeedFields::default()
            },
            ..Hint::default()
        }
    }

    fn entry(page: Extracted, hint: Hint) -> Entry {
        let url: Url = "https://a.example/1".parse().unwrap();
        let named = Named { url: url.clone(), hint, lane: Lane::News };
        article(&url, &Page::named_by(Arc::from("feed"), named), page, NOW)
    }

    fn dated(date: &str, origin: Origin) -> Extracted {
        let evidence = Evidence { published_at: Some(origin), ..Evidence::default() };
        Extracted { published_at: date.parse().ok(), evidence, ..Extracted::default() }
    }

    #[test]
    fn the_feed_s_date_beats_what_the_page_shows_but_not_what_it_declares() {
        for (origin, expected) in [
            (Origin::Declared, "2024-05-01"),
            (Origin::Shown, "2024-05-07T10:20:30Z"),
            (Origin::Guessed, "2024-05-07T10:20:30Z"),
        ] {
            let entry = entry(dated("2024-05-01", origin), hint());
            assert_eq!(entry.published_at.unwrap().as_str(), expected, "{origin:?}");
            assert_eq!(entry.evidence.published_at, Some(origin.max(Origin::Listed)));
        }
    }

    #[test]
    fn a_feed_s_date_in_the_future_is_refused() {
        let later = Hint { published_at: "2024-05-09T10:00:00Z".parse().ok(), ..hint() };
        assert_eq!(entry(Extracted::default(), later.clone()).published_at, None);
        let guessed = entry(dated("2024-05-01", Origin::Guessed), later);
        assert_eq!(guessed.evidence.published_at, Some(Origin::Guessed));
    }

    #[test]
    fn the_feed_fills_in_where_the_page_says_nothing() {
        let entry = entry(Extracted::default(), hint());
        assert_eq!((entry.title.as_str(), entry.language.as_deref()), ("In the feed", Some("de")));
        assert_eq!(entry.authors, ["Ada Berg", "Bo Chen"]);
        assert_eq!(entry.page.section.as_deref(), Some("Local"));
        assert_eq!(entry.evidence.authors, Some(Origin::Listed));
    }

    #[test]
    fn the_author_of_a_whole_feed_stands_in_only_where_nobody_is_named() {
        let inherited = Hint { authors_are_inherited: true, ..hint() };
        let evidence = Evidence { authors: Some(Origin::Shown), ..Evidence::default() };
        let named = Extracted { authors: vec!["Cy Dee".into()], evidence, ..Extracted::default() };
        assert_eq!(entry(named, inherited.clone()).authors, ["Cy Dee"]);
        let entry = entry(Extracted::default(), inherited);
        assert_eq!((entry.authors.len(), entry.evidence.authors), (2, Some(Origin::Guessed)));
    }
}
