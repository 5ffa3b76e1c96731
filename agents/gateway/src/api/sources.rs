//! The sources that the crawler is told to follow. Their records are in the store; a broadcast
//! tells the crawlers of a change, and a request over the bus of a look that is due now.

use courant_api::sources::{
    NewSource, SourceChange, SourceOrigin, SourceState, SourceView, SourcesPage, SourcesParams,
    TakenOver,
};
use courant_bus::{MessageId, Subject};
use courant_door::{check_tags, web_address};
use courant_extract::sources::opml;
use courant_proto::v1;
use courant_proto::v1::crawl_requested::Kind;
use courant_sources::{FollowedSource, Sources};
use courant_store::Listing;

use super::Api;
use super::feeds::rfc_3339;
use crate::error::ApiError;

/// The most sources in one answer.
const MAX_SHOWN: usize = 100;
/// The least digits of an id.
const MIN_ID_DIGITS: usize = 8;
/// The name of this interface in requests to the crawler.
const REQUESTED_BY: &str = "api";

impl Api {
    /// Lists sources with the results of the last looks at them.
    pub(crate) async fn sources(&self, params: &SourcesParams) -> Result<SourcesPage, ApiError> {
        let limit = params.limit.unwrap_or(MAX_SHOWN);
        if !(1..=MAX_SHOWN).contains(&limit) {
            return Err(ApiError::Invalid(format!("limit is {limit}; give 1 to {MAX_SHOWN}")));
        }
        let mut sources = self.all_sources().await?;
        if let Some(tag) = &params.tag {
            sources.retain(|source| source.tags.contains(tag));
        }
        let total = sources.len() as u64;
        let rest = sources.into_iter().filter(|source| source.url > params.after);
        let mut shown: Vec<FollowedSource> = rest.take(limit + 1).collect();
        let has_more = shown.len() > limit;
        shown.truncate(limit);
        let next = shown.last().filter(|_| has_more).map(|last| last.url.clone());
        let mut views = Vec::with_capacity(shown.len());
        for source in shown {
            views.push(self.source_view(source).await?);
        }
        Ok(SourcesPage { sources: views, total, next })
    }

    /// Shows the source with this id, or with an id that begins so.
    pub(crate) async fn source(&self, id: &str) -> Result<SourceView, ApiError> {
        let source = self.source_of(id).await?;
        self.source_view(source).await
    }

    /// Follows a source from now on. Returns it, and false if it was followed before.
    pub(crate) async fn add_source(&self, new: NewSource) -> Result<(bool, SourceView), ApiError> {
        check_tags(&new.tags)?;
        let url = web_address(&new.url)?;
        if let Some(known) = self.sources_in_store().get(&url, self.clock.unix_ms()).await? {
            return Ok((false, self.source_view(known).await?));
        }
        let followed = self.all_sources().await?.len();
        check_number(followed + 1)?;
        let source = FollowedSource::added(url, new.tags, self.clock.unix_ms());
        self.sources_in_store().record(std::slice::from_ref(&source)).await?;
        self.tell_crawlers().await?;
        Ok((true, self.source_view(source).await?))
    }

    /// Follows the feeds of an OPML document from now on.
    pub(crate) async fn take_over_feeds(&self, document: &[u8]) -> Result<TakenOver, ApiError> {
        let known = self.all_sources().await?;
        let (mut taken, mut added) = (TakenOver::default(), Vec::<FollowedSource>::new());
        for feed in opml(document)? {
            match web_address(&feed) {
                Err(_) => taken.refused += 1,
                Ok(url) if known.iter().chain(&added).any(|source| source.url == url) => {
                    taken.known += 1;
                }
                Ok(url) => {
                    check_number(known.len() + added.len() + 1)?;
                    added.push(FollowedSource::added(url, Vec::new(), self.clock.unix_ms()));
                }
            }
        }
        taken.added = added.len();
        if !added.is_empty() {
            self.sources_in_store().record(&added).await?;
            self.tell_crawlers().await?;
        }
        Ok(taken)
    }

    /// Pauses, resumes or tags a source.
    pub(crate) async fn change_source(
        &self,
        id: &str,
        change: SourceChange,
    ) -> Result<SourceView, ApiError> {
        let SourceChange { paused, tags } = change;
        check_tags(tags.as_deref().unwrap_or_default())?;
        let mut source = self.source_of(id).await?;
        check_origin(&source)?;
        source.paused = paused.unwrap_or(source.paused);
        source.tags = tags.unwrap_or(source.tags);
        self.sources_in_store().record(std::slice::from_ref(&source)).await?;
        self.tell_crawlers().await?;
        if paused == Some(false) {
            self.request_look(&source.url).await?;
        }
        self.source_view(source).await
    }

    /// Follows a source no longer. Pages that it named before may still be fetched.
    pub(crate) async fn remove_source(&self, id: &str) -> Result<(), ApiError> {
        let source = self.source_of(id).await?;
        check_origin(&source)?;
        let mut listings = vec![source.url.clone()];
        if let Some(listing) = self.store.crawl().listing(&source.url).await? {
            listings.extend(listing.leads_to);
        }
        self.sources_in_store().forget(&source.url, &listings).await?;
        self.tell_crawlers().await
    }

    /// Asks the crawlers to look at a source now, also if it has ended.
    pub(crate) async fn check_source(&self, id: &str) -> Result<SourceView, ApiError> {
        let source = self.source_of(id).await?;
        if source.paused {
            return Err(ApiError::Conflict("the source is paused; resume it".into()));
        }
        self.request_look(&source.url).await?;
        self.source_view(source).await
    }

    fn sources_in_store(&self) -> Sources {
        Sources::of(self.store.crawl())
    }

    async fn all_sources(&self) -> Result<Vec<FollowedSource>, ApiError> {
        Ok(self.sources_in_store().all(self.clock.unix_ms()).await?)
    }

    async fn source_of(&self, id: &str) -> Result<FollowedSource, ApiError> {
        let is_id = |id: &str| (MIN_ID_DIGITS..=32).contains(&id.len());
        let unknown = || ApiError::NoSource(id.chars().take(40).collect());
        if !is_id(id) {
            return Err(unknown());
        }
        let sources = self.all_sources().await?;
        let mut fitting =
            sources.into_iter().filter(|one| SourceView::id_of(&one.url).starts_with(id));
        match (fitting.next(), fitting.next()) {
            (Some(source), None) => Ok(source),
            (None, _) => Err(unknown()),
            (Some(_), Some(_)) => {
                Err(ApiError::Invalid(format!("several sources begin with {id}; give more digits")))
            }
        }
    }

    async fn source_view(&self, source: FollowedSource) -> Result<SourceView, ApiError> {
        let listing = self.store.crawl().listing(&source.url).await?;
        Ok(view(source, listing))
    }

    async fn tell_crawlers(&self) -> Result<(), ApiError> {
        let changed = v1::SourcesChanged::default();
        Ok(self.bus.broadcast(Subject::CONTROL_SOURCES, &changed).await?)
    }

    async fn request_look(&self, url: &str) -> Result<(), ApiError> {
        let requested_at_ms = self.clock.unix_ms();
        let request = v1::CrawlRequested {
            url: url.to_owned(),
            kind: Kind::Source.into(),
            requested_at_ms,
            requested_by: REQUESTED_BY.into(),
            ..v1::CrawlRequested::default()
        };
        let id = MessageId::new(format!("look:{}:{requested_at_ms}", SourceView::id_of(url)));
        self.bus.offer(Subject::CRAWL_REQUESTED, &id, &request).await?;
        Ok(())
    }
}

fn check_number(sources: usize) -> Result<(), ApiError> {
    let most = Sources::MOST;
    if sources > most {
        return Err(ApiError::Conflict(format!("there are {most} sources; remove some")));
    }
    Ok(())
}

fn check_origin(source: &FollowedSource) -> Result<(), ApiError> {
    if source.configured {
        let message = "the source comes from the configuration or the command line of a crawler; \
                       change it there";
        return Err(ApiError::Conflict(message.into()));
    }
    Ok(())
}

fn view(source: FollowedSource, listing: Option<Listing>) -> SourceView {
    let state = match &listing {
        _ if source.paused => SourceState::Paused,
        None => SourceState::Waiting,
        Some(listing) if listing.has_ended() => SourceState::Ended,
        Some(listing) if listing.failures > 0 => SourceState::Failing,
        Some(_) => SourceState::Well,
    };
    let is_planned = !matches!(state, SourceState::Paused | SourceState::Ended);
    let listing = listing.unwrap_or_default();
    let time = |at_ms: i64| if at_ms > 0 { rfc_3339(at_ms) } else { None };
    let origin =
        if source.configured { SourceOrigin::Configuration } else { SourceOrigin::Request };
    SourceView {
        id: SourceView::id_of(&source.url),
        url: source.url,
        origin,
        state,
        tags: source.tags,
        added_at: rfc_3339(source.added_at_ms).unwrap_or_default(),
        kind: listing.kind,
        checked_at: time(listing.checked_at_ms),
        next_check_at: time(listing.next_check_at_ms).filter(|_| is_planned),
        failures: listing.failures,
        problem: listing.problem,
    }
}
