//! The decision on an entry: a refusal, or the identity of its article and the consequences of
//! the store's verdict.

use courant_article::{
    Article, ArticleId, CanonicalUrl, ContentHash, Decision, Entry, MAX_URL_BYTES,
};
use courant_dedup::{
    NearArticle, NearMatch, Sketch, canonical_url, canonicalize, normalize_text, registered_domain,
    text_key,
};
use courant_proto::v1;
use courant_store::{Claim, Ruling, Verdict};
use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use crate::refusal::EntryRefusal;
use crate::rules::Rules;

/// Under what name an entry asks to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The address that names the article.
    pub url: CanonicalUrl,
    /// The id of the article.
    pub id: ArticleId,
    /// The hash of the normalized text.
    pub content_hash: ContentHash,
    /// The registered domain of the URL.
    pub site: String,
    /// `None` where the text is too short to be compared by its parts.
    pub sketch: Option<Sketch>,
}

impl Identity {
    /// Reads the identity of `entry`, or says why it has none that can be handled.
    ///
    /// A time of observation must be there, but may be any: an entry that is decided late,
    /// or that another clock stamped, is not lost for its time.
    ///
    /// # Errors
    /// The reason for which the entry is refused.
    pub fn of(entry: &Entry, rules: &Rules) -> Result<Self, EntryRefusal> {
        let url = canonical_url(&entry.url, entry.declared_canonical_url.as_deref())?;
        let text = normalize_text(entry.text.as_str());
        check_words(&text, rules.min_words)?;
        if entry.observed_at.0 <= 0 {
            return Err(EntryRefusal::NoTime);
        }
        Ok(Self {
            id: ArticleId::of(&url),
            content_hash: ContentHash::of_normalized(&text),
            site: registered_domain(&url),
            sketch: Sketch::of(&text, rules.near.min_words),
            url,
        })
    }

    /// Returns the claim by which the entry asks the store.
    pub fn claim(&self, entry: &Entry, near: Vec<NearArticle>) -> Claim {
        Claim {
            id: self.id,
            content_hash: self.content_hash,
            observed: entry.observed_at,
            site: self.site.clone(),
            sketch: self.sketch.clone(),
            near,
        }
    }
}

/// Returns the URL to send readers to: the URL that the page declares if `name` was made
/// from it, else the URL at which the page was found.
fn link(entry: &Entry, name: &CanonicalUrl) -> String {
    let declared = entry.declared_canonical_url.as_deref();
    let absolute = declared.and_then(|url| Url::parse(&entry.url).ok()?.join(url.trim()).ok());
    let counts = absolute.filter(|url| canonicalize(url.as_str()).is_ok_and(|url| url == *name));
    counts.map_or_else(|| entry.url.trim().to_owned(), String::from)
}

/// `text` is normalized: invisible characters are no text.
fn check_words(text: &str, least: usize) -> Result<(), EntryRefusal> {
    let words = text.unicode_words().take(least).count();
    match words {
        0 => Err(EntryRefusal::NoText),
        words if words < least => Err(EntryRefusal::TooShort { words, least }),
        _ => Ok(()),
    }
}

/// The gateway's decision on an entry.
#[derive(Debug)]
pub enum Decided {
    /// It cannot be handled.
    Refused(EntryRefusal),
    /// It was judged by its identity.
    Judged(Box<Identity>, Ruling, Grounds),
}

/// The reason for a ruling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grounds {
    /// `new`: address and text are new. `address`: the address is known, with this text or an
    /// older one for a duplicate, with another one for a revision. `text`: another article has the
    /// same words. `parts`: another article has nearly the same text.
    pub rule: &'static str,
    /// The share of the shorter text that stands in the longer one, for `parts`.
    pub containment: Option<f32>,
}

impl Grounds {
    /// `near`: the earlier texts that are nearly the same.
    pub fn of(identity: &Identity, verdict: &Verdict, near: &[NearMatch]) -> Self {
        let text = text_key(&identity.content_hash);
        let rule = match verdict.decision {
            Decision::New | Decision::Refused => "new",
            Decision::Revision => "address",
            Decision::Duplicate if verdict.of == Some(identity.id) => "address",
            Decision::Duplicate | Decision::Syndicated => {
                let nearest = near.iter().map(|near| near.containment).reduce(f32::max);
                let has_the_text = near.iter().any(|near| near.text == text);
                match nearest.filter(|_| !has_the_text) {
                    Some(nearest) => return Self { rule: "parts", containment: Some(nearest) },
                    None => "text",
                }
            }
        };
        Self { rule, containment: None }
    }
}

impl Decided {
    pub(crate) fn decision(&self) -> Decision {
        match self {
            Self::Refused(_) => Decision::Refused,
            Self::Judged(_, ruling, _) => ruling.verdict.decision,
        }
    }

    /// The article that `entry` becomes, if it is let in, and the ruling by which it is.
    pub(crate) fn article(&self, entry: &Entry) -> Option<(Article, Ruling)> {
        let Self::Judged(identity, ruling, _) = self else {
            return None;
        };
        let verdict = ruling.verdict;
        let article = || Article {
            id: identity.id,
            revision: ruling.revision,
            url: link(entry, &identity.url),
            content_hash: identity.content_hash,
            title: entry.title.clone(),
            authors: entry.authors.clone(),
            published_at: entry.published_at.clone(),
            declared_language: entry.language.clone(),
            site_name: entry.site_name.clone(),
            text: entry.text.clone(),
            source: entry.source.clone(),
            submission_id: entry.submission_id.clone(),
            decision: verdict.decision,
            syndicated_of: verdict.of.filter(|_| verdict.decision == Decision::Syndicated),
            page: entry.page.clone(),
            feed: entry.feed.clone(),
            evidence: entry.evidence,
        };
        verdict.decision.is_accepted().then(|| (article(), *ruling))
    }

    /// Returns the event that tells everyone of the decision.
    pub fn event(&self, entry: &Entry, now_ms: i64) -> v1::EntryDecided {
        let told = v1::EntryDecided {
            decided_at_ms: now_ms,
            submission_id: entry.submission_id.clone(),
            decision: v1::Decision::from(self.decision()).into(),
            url: entry.url[..entry.url.floor_char_boundary(MAX_URL_BYTES)].to_owned(),
            ..v1::EntryDecided::default()
        };
        match self {
            // No address of a deleted article stays in a log.
            Self::Refused(reason @ EntryRefusal::Deleted) => {
                v1::EntryDecided { url: String::new(), reason: reason.to_string(), ..told }
            }
            Self::Refused(reason) => v1::EntryDecided { reason: reason.to_string(), ..told },
            Self::Judged(identity, Ruling { verdict, .. }, grounds) => v1::EntryDecided {
                own_id: identity.id.to_string(),
                rule: grounds.rule.to_owned(),
                containment: grounds.containment.unwrap_or_default(),
                article_id: repeated_or_own(identity, verdict).to_string(),
                of: first_of_cluster(verdict).map_or_else(String::new, |id| id.to_string()),
                ..told
            },
        }
    }
}

/// A duplicate under a URL of its own is stored under no name but the first one's.
fn repeated_or_own(identity: &Identity, verdict: &Verdict) -> ArticleId {
    verdict.of.filter(|_| verdict.decision == Decision::Duplicate).unwrap_or(identity.id)
}

fn first_of_cluster(verdict: &Verdict) -> Option<ArticleId> {
    let has_cluster = matches!(verdict.decision, Decision::Duplicate | Decision::Syndicated);
    verdict.of.filter(|_| has_cluster)
}

#[cfg(test)]
mod tests {
    use courant_article::{Revision, Text};
    use courant_dedup::InvalidUrl;
    use courant_proto::Schema;
    use proptest::prelude::*;

    use super::*;

    const NOW_MS: i64 = 1_700_000_000_000;
    const TEXT: &str = "The council voted on Monday to keep the old harbour bridge open.";

    fn entry() -> Entry {
        Entry {
            submission_id: "s-1".into(),
            url: "http://news.example.com/a?utm_source=x#top".into(),
            text: Text::new(TEXT.into()),
            observed_at: Revision(NOW_MS),
            ..Entry::default()
        }
    }

    fn rules() -> Rules {
        Rules { min_words: 10, near: courant_dedup::NearConfig::default() }
    }

    fn identity(entry: &Entry) -> Result<Identity, EntryRefusal> {
        Identity::of(entry, &rules())
    }

    #[test]
    fn the_canonical_url_and_the_normalized_text_are_the_identity() {
        let typeset = Entry {
            url: "https://news.example.com/a".into(),
            text: Text::new(format!("  {}\u{200b}", TEXT.replace(' ', "\u{a0}"))),
            ..entry()
        };
        assert_eq!(identity(&entry()).unwrap(), identity(&typeset).unwrap());
        let claim = identity(&entry()).unwrap().claim(&entry(), Vec::new());
        assert_eq!(claim.site, "example.com");
        assert_eq!(claim.observed, Revision(NOW_MS));
    }

    #[test]
    fn a_page_cannot_speak_for_another_publisher() {
        let declared = |url: &str| {
            let declared = Some(url.to_owned());
            identity(&Entry { declared_canonical_url: declared, ..entry() }).unwrap().url
        };
        assert_eq!(declared("https://example.com/b").as_str(), "https://example.com/b");
        assert_eq!(declared("https://other.org/b").as_str(), "https://news.example.com/a");
    }

    #[test]
    fn readers_are_sent_where_the_page_is_not_where_its_name_points() {
        let sent = |url: &str, declared: Option<&str>| {
            let declared_canonical_url = declared.map(ToOwned::to_owned);
            let entry = Entry { url: url.into(), declared_canonical_url, ..entry() };
            let name = identity(&entry).unwrap().url;
            assert_eq!(name.as_str(), "https://example.com/a", "{url}");
            link(&entry, &name)
        };
        let found = "http://www.example.com/a/?utm_source=x";
        assert_eq!(sent(found, None), found);
        assert_eq!(sent(found, Some("/a/")), "http://www.example.com/a/");
        assert_eq!(sent(found, Some("https://other.org/a")), found);
        assert_eq!(sent(found, Some("javascript:alert(1)")), found);
    }

    #[test]
    fn what_cannot_be_handled_is_refused_with_its_reason() {
        let with_text = |text: &str| Entry { text: Text::new(text.into()), ..entry() };
        let seen = |ms: i64| Entry { observed_at: Revision(ms), ..entry() };
        let cases = [
            (Entry { url: "mailto:a@b.c".into(), ..entry() }, "scheme"),
            (Entry { url: "not a url".into(), ..entry() }, "URL"),
            (with_text(" \n\u{200b} … "), "no text"),
            (with_text("Four words are few."), "4 words"),
            (seen(0), "observed"),
        ];
        for (entry, reason) in cases {
            let refusal = identity(&entry).unwrap_err().to_string();
            assert!(refusal.contains(reason), "{refusal}");
        }
        assert!(identity(&seen(NOW_MS + 365 * 86_400_000)).is_ok(), "the door looks at the time");
    }

    #[test]
    fn scripts_without_spaces_have_words() {
        let chinese = Entry {
            text: Text::new("市议会周一投票决定保留旧港口大桥".into()),
            ..entry()
        };
        assert!(identity(&chinese).is_ok());
    }

    fn ruling(decision: Decision, of: Option<ArticleId>) -> Ruling {
        let (verdict, revision) = (Verdict { decision, of }, Revision(NOW_MS + 1));
        Ruling { verdict, revision, is_pending: false, is_repeated: false }
    }

    fn judged(decision: Decision, of: Option<ArticleId>) -> Decided {
        let (identity, ruling) = (identity(&entry()).unwrap(), ruling(decision, of));
        let grounds = Grounds::of(&identity, &ruling.verdict, &[]);
        Decided::Judged(Box::new(identity), ruling, grounds)
    }

    #[test]
    fn only_what_is_let_in_becomes_an_article() {
        let first = ArticleId::from_bytes([7; 16]);
        let (copy, _) = judged(Decision::Syndicated, Some(first)).article(&entry()).unwrap();
        assert_eq!(copy.revision, Revision(NOW_MS + 1), "that of the ruling");
        assert_eq!(copy.syndicated_of, Some(first));
        assert_eq!(copy.decision, Decision::Syndicated);
        let own = identity(&entry()).unwrap().id;
        let (revised, _) = judged(Decision::Revision, Some(own)).article(&entry()).unwrap();
        assert_eq!((revised.id, revised.syndicated_of), (own, None));
        assert!(judged(Decision::Duplicate, Some(first)).article(&entry()).is_none());
        assert!(Decided::Refused(EntryRefusal::NoText).article(&entry()).is_none());
    }

    #[test]
    fn the_grounds_name_the_rule() {
        let first = ArticleId::from_bytes([7; 16]);
        let identity = identity(&entry()).unwrap();
        let near =
            |text, containment| NearMatch { id: first, text, on_this_site: false, containment };
        let rule = |decision, of, near: &[NearMatch]| {
            Grounds::of(&identity, &Verdict { decision, of }, near)
        };
        let same = text_key(&identity.content_hash);
        let plain = |rule| Grounds { rule, containment: None };
        assert_eq!(rule(Decision::New, None, &[]), plain("new"));
        assert_eq!(rule(Decision::Revision, Some(identity.id), &[]), plain("address"));
        assert_eq!(rule(Decision::Duplicate, Some(identity.id), &[]), plain("address"));
        assert_eq!(rule(Decision::Duplicate, Some(first), &[near(same, 1.0)]), plain("text"));
        assert_eq!(rule(Decision::Syndicated, Some(first), &[]), plain("text"));
        let parts = rule(Decision::Syndicated, Some(first), &[near(1, 0.75), near(2, 0.5)]);
        assert_eq!(parts, Grounds { rule: "parts", containment: Some(0.75) });
    }

    #[test]
    fn the_event_names_the_article_that_is_there() {
        let first = ArticleId::from_bytes([7; 16]);
        let own = identity(&entry()).unwrap().id.to_string();
        let duplicate = judged(Decision::Duplicate, Some(first)).event(&entry(), NOW_MS);
        assert_eq!((duplicate.article_id, duplicate.of), (first.to_string(), first.to_string()));
        let revision = judged(Decision::Revision, Some(first)).event(&entry(), NOW_MS);
        assert_eq!((revision.article_id, revision.of), (own, String::new()));
        let refused = Decided::Refused(EntryRefusal::NoText).event(&entry(), NOW_MS);
        assert_eq!((refused.submission_id.as_str(), refused.article_id.as_str()), ("s-1", ""));
        assert!(!refused.reason.is_empty());
    }

    /// Entries as bus publishers may send them: any length in any field.
    fn submitted() -> impl Strategy<Value = v1::Entry> {
        let piece = prop::sample::select(&["Ann Łukasz, ", "x", "市议会。", "😀", "12 "][..]);
        let fields = prop::array::uniform5(0usize..60_000);
        (piece, fields, 0usize..100, any::<bool>()).prop_map(
            |(piece, [a, b, c, d, e], n, spaced)| {
                let long = |bytes: usize| piece.repeat(bytes.div_ceil(piece.len()));
                let spaces = if spaced { " ".repeat(a) } else { String::new() };
                v1::Entry {
                    submission_id: "s-1".into(),
                    url: format!("https://news.example.com/{}{spaces}", long(b % 4_500)),
                    declared_canonical_url: format!("https://news.example.com/{}", long(c)),
                    title: long(a),
                    authors: vec![long(b % 9_000); n],
                    language: long(d % 60),
                    site_name: long(c),
                    text: format!("{TEXT} {}", long(300_000)),
                    observed_at_ms: NOW_MS,
                    source: long(d),
                    page: Some(v1::PageFields {
                        image: format!("https://news.example.com/{}", long(e)),
                        tags: vec![long(e % 3_000); n],
                        section: long(e),
                        ..v1::PageFields::default()
                    }),
                    feed: Some(v1::FeedFields {
                        title: long(a),
                        summary: long(b),
                        authors: vec![long(c % 3_000); n],
                        categories: vec![long(d % 3_000); n],
                        ..v1::FeedFields::default()
                    }),
                    ..v1::Entry::default()
                }
            },
        )
    }

    /// With the longest ids and trace context.
    fn weight<M: Schema>(message: &M) -> usize {
        message.encoded_len() + 4 * 1024
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn what_is_let_in_fits_its_queue_and_leaves_room_for_what_is_added(
            submitted in submitted(),
        ) {
            let entry = Entry::try_from(submitted).unwrap();
            match identity(&entry) {
                Ok(identity) => {
                    let ruling = ruling(Decision::New, None);
                    let grounds = Grounds::of(&identity, &ruling.verdict, &[]);
                    let decided = Decided::Judged(Box::new(identity), ruling, grounds);
                    let (article, _) = decided.article(&entry).unwrap();
                    let accepted = v1::ArticleAccepted::of(article);
                    prop_assert!(weight(&accepted) <= courant_bus::MAX_MESSAGE_BYTES / 2);
                    prop_assert!(weight(&decided.event(&entry, NOW_MS)) <= 16 * 1024);
                }
                Err(refusal) => {
                    let too_long = matches!(refusal, EntryRefusal::Url(InvalidUrl::TooLong(_)));
                    prop_assert!(too_long, "{refusal}");
                    let event = Decided::Refused(refusal).event(&entry, NOW_MS);
                    prop_assert!(weight(&event) <= 16 * 1024);
                }
            }
        }
    }
}
