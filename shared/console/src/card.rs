//! An article in a list.

use courant_api::articles::{ArticleView, CopyView, Explanation, Found};
use courant_article::{Analysis, EntityKind};

use crate::ask::{segment, with_query};
use crate::dates::When;
use crate::pieces::{Piece, Place, cut};
use crate::plain;
use crate::reader::Reader;

/// The most topics and names that a list shows of an article.
const SHOWN_TOPICS: usize = 2;
const SHOWN_NAMES: usize = 4;
/// The most other outlets that a list names.
const SHOWN_OUTLETS: usize = 4;

/// A link with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) text: String,
}

/// An article in a list.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) href: String,
    /// The article at its publisher; `None` if its address is none of the web.
    pub(crate) original: Option<String>,
    pub(crate) title: Vec<Piece>,
    pub(crate) snippet: Vec<Piece>,
    pub(crate) outlet: Option<Link>,
    pub(crate) when: Option<When>,
    pub(crate) language: Option<String>,
    pub(crate) topics: Vec<Link>,
    pub(crate) names: Vec<Link>,
    /// Other outlets with the same text.
    pub(crate) outlets: Vec<Link>,
    /// The number of further copies.
    pub(crate) further: u64,
    /// True if it came since the last visit.
    pub(crate) is_new: bool,
    /// True if the reader marked it.
    pub(crate) is_marked: bool,
    /// True if it is a later version of an article.
    pub(crate) is_revised: bool,
    /// True if it does not fulfil all conditions of the query.
    pub(crate) is_relaxed: bool,
    pub(crate) score: Option<Score>,
}

/// A score with its parts.
pub(crate) struct Score {
    pub(crate) whole: String,
    pub(crate) by_words: String,
    pub(crate) by_meaning: String,
    pub(crate) rule: String,
}

impl Card {
    /// Makes the card of a hit of a search for `query`.
    pub(crate) fn of(found: &Found, query: &str, reader: &Reader) -> Self {
        let places = |places: &[(usize, usize)]| -> Vec<Place> {
            places.iter().copied().map(Place::marked).collect()
        };
        let path = article_path(&found.id);
        let params = [("q", query)];
        Self {
            id: found.id.clone(),
            href: with_query(&path, if query.is_empty() { &[] } else { &params }),
            original: plain::web_address(&found.url),
            title: titled(&found.title, &places(&found.title_highlights), reader),
            snippet: cut(&found.snippet, &places(&found.snippet_highlights)),
            outlet: outlet(&found.url, found.site_name.as_deref()),
            when: found.published_at.as_deref().map(|time| reader.calendar.when(time)),
            language: found.language.as_deref().map(plain::line),
            topics: Vec::new(),
            names: Vec::new(),
            outlets: Vec::new(),
            further: found.copies.into(),
            is_new: false,
            is_marked: reader.has_marked(&found.id),
            is_revised: false,
            is_relaxed: found.relaxed,
            score: found.explanation.as_ref().and_then(|parts| Score::of(found.score, parts)),
        }
    }

    /// Adds the findings about the article, and the outlets that carry it.
    pub(crate) fn enrich(&mut self, article: &ArticleView, reader: &Reader) {
        self.topics = topics(&article.analysis, reader).into_iter().take(SHOWN_TOPICS).collect();
        self.names = names(&article.analysis).into_iter().take(SHOWN_NAMES).collect();
        let others =
            article.copies.iter().filter_map(|copy| outlet(&copy.url, copy.site_name.as_deref()));
        let mut outlets: Vec<Link> = Vec::new();
        for other in others {
            if Some(&other) != self.outlet.as_ref() && !outlets.contains(&other) {
                outlets.push(other);
            }
        }
        self.further = outlets.len().saturating_sub(SHOWN_OUTLETS) as u64;
        outlets.truncate(SHOWN_OUTLETS);
        self.outlets = outlets;
        if self.when.is_none() {
            self.when = Some(reader.calendar.at_ms(article.revision));
        }
        self.is_revised = article.decision == "revision";
        let seen_s = article.revision.div_euclid(1_000);
        self.is_new = reader.last_visit.is_some_and(|visit| seen_s > visit);
    }

    /// Makes the card of an article, with its summary.
    pub(crate) fn of_article(article: &ArticleView, reader: &Reader) -> Self {
        let copy = CopyView {
            id: article.id.clone(),
            url: article.url.clone(),
            title: article.title.clone(),
            site_name: article.site_name.clone(),
            published_at: article.published_at.clone(),
        };
        let summary: Vec<&str> =
            article.analysis.summary.iter().map(|sentence| sentence.text.as_str()).collect();
        Self { snippet: cut(&summary.join(" "), &[]), ..Self::of_copy(&copy, reader) }
    }

    /// Makes the card of a copy.
    pub(crate) fn of_copy(copy: &CopyView, reader: &Reader) -> Self {
        let found = Found {
            id: copy.id.clone(),
            url: copy.url.clone(),
            title: copy.title.clone(),
            site_name: copy.site_name.clone(),
            published_at: copy.published_at.clone(),
            language: None,
            score: None,
            text_rank: None,
            vector_rank: None,
            snippet: String::new(),
            title_highlights: Vec::new(),
            snippet_highlights: Vec::new(),
            syndicated_of: None,
            copies: 0,
            relaxed: false,
            explanation: None,
        };
        Self::of(&found, "", reader)
    }
}

impl Score {
    fn of(whole: Option<f32>, parts: &Explanation) -> Option<Self> {
        let number =
            |value: Option<f32>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
        Some(Self {
            whole: number(Some(whole?)),
            by_words: number(parts.text_score),
            by_meaning: number(parts.cosine),
            rule: parts.rule.clone(),
        })
    }
}

fn titled(title: &str, places: &[Place], reader: &Reader) -> Vec<Piece> {
    let pieces = cut(title, places);
    if pieces.iter().any(|piece| !piece.text.trim().is_empty()) {
        return pieces;
    }
    vec![Piece { text: reader.texts.say("untitled"), ..Piece::default() }]
}

/// Returns the path of an article.
pub(crate) fn article_path(id: &str) -> String {
    format!("/articles/{}", segment(id))
}

/// Returns the page of the outlet at an address.
pub(crate) fn outlet(url: &str, name: Option<&str>) -> Option<Link> {
    let site = plain::site(url)?;
    let name = name.map(plain::line).filter(|name| !name.is_empty());
    let text = name.or_else(|| plain::host(url)).unwrap_or_else(|| site.clone());
    Some(Link { href: site_path(&site), text })
}

/// Returns the path of an outlet.
pub(crate) fn site_path(site: &str) -> String {
    format!("/sites/{}", segment(site))
}

/// Returns the pages of the topics that an article is clearly about.
pub(crate) fn topics(analysis: &Analysis, reader: &Reader) -> Vec<Link> {
    let clear = analysis.topics.iter().filter(|topic| topic.is_clear());
    clear
        .map(|topic| Link {
            href: topic_path(&topic.code),
            text: topic_name(&topic.code, &topic.label, reader),
        })
        .collect()
}

/// Returns the name of a topic in the reader's language.
pub(crate) fn topic_name(code: &str, label: &str, reader: &Reader) -> String {
    let known = reader.texts.word("topic", code.trim_start_matches("medtop:"));
    if known == code.trim_start_matches("medtop:") { plain::line(label) } else { known }
}

/// Returns the path of a topic.
pub(crate) fn topic_path(code: &str) -> String {
    format!("/topics/{}", segment(code))
}

/// Returns the pages of the names in an article, the most frequent first.
pub(crate) fn names(analysis: &Analysis) -> Vec<Link> {
    let mut counted: Vec<(EntityKind, String, usize)> = Vec::new();
    for entity in &analysis.entities {
        let text = plain::line(&entity.text);
        match counted.iter_mut().find(|(kind, known, _)| *kind == entity.kind && *known == text) {
            Some((_, _, count)) => *count += 1,
            None => counted.push((entity.kind, text, 1)),
        }
    }
    counted.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    counted
        .into_iter()
        .map(|(kind, text, _)| Link { href: name_path(kind.as_str(), &text), text })
        .collect()
}

/// Returns the path of a name.
pub(crate) fn name_path(kind: &str, name: &str) -> String {
    format!("/names/{}/{}", segment(kind), segment(name))
}
