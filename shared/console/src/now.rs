//! Now: the newest articles, and the counts around them.

use askama::Template;
use axum::http::Uri;
use axum::response::Response;
use courant_api::Problem;
use courant_api::articles::ArticleView;
use courant_api::counts::CountAnswer;
use courant_api::search::SearchAnswer;
use courant_api::status::Status;
use futures::future::join_all;
use futures::join;

use crate::ask::{Archive, Params};
use crate::card::{Card, article_path};
use crate::chart::{Chart, Period};
use crate::choice::{Chip, Choice};
use crate::facets::{FacetList, facets};
use crate::page::{Screen, Shell, answer, with_cookie};
use crate::reader::Reader;
use crate::{failure, first};

/// The articles of one page.
const SHOWN: &str = "30";
/// The properties beside the list.
const FACETS: &str = "topic,name,site,language";
/// The values of each.
const FACET_VALUES: &str = "8";

#[derive(Template)]
#[template(path = "now.html")]
struct Page<'a> {
    shell: Shell,
    choice: &'a Choice,
    chips: Vec<Chip>,
    cards: Vec<Card>,
    total: u64,
    /// Articles that came since the last visit.
    new: Option<u64>,
    since: Option<String>,
    chart: Option<Chart>,
    facets: Vec<FacetList>,
    next: Option<String>,
    feed: String,
    not_indexed_yet: Option<u64>,
}

/// Shows the newest articles, or the guide for the first minutes while there are none.
pub(crate) async fn show(archive: Archive, reader: Reader, uri: Uri) -> Response {
    let choice = Choice::of(&uri, &["cursor"]);
    match Box::pin(page(&archive, &reader, &choice)).await {
        Ok(response) => response,
        Err(problem) => failure::page(&reader, &problem),
    }
}

async fn page(archive: &Archive, reader: &Reader, choice: &Choice) -> Result<Response, Problem> {
    let newest = newest(archive, choice).await?;
    if newest.total == 0 && choice.is_all() {
        let status: Status = archive.get("/v1/status", &[]).await?;
        return Ok(first::page(archive, reader, &status).await);
    }
    let (cards, chart, facets, new) = join!(
        cards(archive, reader, &newest, &choice.query),
        chart(archive, reader, choice),
        counted(archive, reader, choice),
        new_since(archive, reader, choice),
    );
    let first_page = choice.dropping("cursor");
    let title = reader.texts.say("tab-now");
    let page = Page {
        shell: Shell::new(reader, Screen::Now, title),
        chips: choice.chips(),
        cards: cards?,
        total: newest.total,
        new: new?,
        since: reader.last_visit.map(|seconds| reader.calendar.at_ms(seconds * 1_000).ago),
        chart: chart?,
        facets: facets?,
        next: newest.cursor.map(|cursor| first_page.keeping("cursor", &cursor).href()),
        feed: choice.at("/v1/feed"),
        not_indexed_yet: newest.not_indexed_yet,
        choice,
    };
    Ok(with_cookie(answer(&page), &reader.visit_cookie()))
}

async fn newest(archive: &Archive, choice: &Choice) -> Result<SearchAnswer, Problem> {
    let mut params = choice.params();
    params.extend([("sort", "newest"), ("limit", SHOWN)]);
    params.extend(choice.other("cursor").map(|cursor| ("cursor", cursor)));
    archive.get("/v1/search", &params).await
}

/// Makes the cards of hits, with the findings about each article. Copies of an article in the list
/// are left out: its card names their outlets.
pub(crate) async fn cards(
    archive: &Archive,
    reader: &Reader,
    answer: &SearchAnswer,
    query: &str,
) -> Result<Vec<Card>, Problem> {
    let listed = |id: &String| answer.hits.iter().any(|hit| hit.id == *id);
    let firsts = answer.hits.iter().filter(|hit| !hit.syndicated_of.as_ref().is_some_and(listed));
    let with_findings = firsts.map(async |hit| {
        let mut card = Card::of(hit, query, reader);
        let path = format!("/v1{}", article_path(&hit.id));
        // An article may have been deleted since it was found.
        if let Ok(article) = archive.get::<ArticleView>(&path, &[]).await {
            card.enrich(&article, reader);
        }
        card
    });
    Ok(join_all(with_findings).await)
}

/// Counts the hours of the last two days; days, if they have no articles.
async fn chart(
    archive: &Archive,
    reader: &Reader,
    choice: &Choice,
) -> Result<Option<Chart>, Problem> {
    let of = |choice: Choice, interval: &'static str| async move {
        let mut params = choice.params();
        params.extend([("interval", interval), ("limit", "1")]);
        archive.get::<CountAnswer>("/v1/counts", &params).await
    };
    let recent =
        if choice.filter("date").is_none() { Some(choice.and("date", "PT48H")) } else { None };
    if let Some(recent) = recent {
        let hours = of(recent, "hour").await?;
        if hours.series.len() > 1 {
            return Ok(Chart::of(&hours.series, Period::Hour, choice, &reader.calendar));
        }
    }
    let days = of(choice.clone(), "day").await?;
    Ok(Chart::of(&days.series, Period::Day, choice, &reader.calendar))
}

async fn counted(
    archive: &Archive,
    reader: &Reader,
    choice: &Choice,
) -> Result<Vec<FacetList>, Problem> {
    let mut params = choice.params();
    params.extend([("facets", FACETS), ("limit", FACET_VALUES)]);
    let counted: CountAnswer = archive.get("/v1/counts", &params).await?;
    Ok(facets(&counted, FACETS, choice, reader))
}

/// Counts the articles that Courant saw since the last visit.
async fn new_since(
    archive: &Archive,
    reader: &Reader,
    choice: &Choice,
) -> Result<Option<u64>, Problem> {
    let Some(visit) = reader.last_visit else { return Ok(None) };
    let Ok(visit) = jiff::Timestamp::from_second(visit) else { return Ok(None) };
    let since = choice.and("observed", &visit.strftime("%Y-%m-%dT%H:%MZ..").to_string());
    let params: Params<'_> = &since.params();
    let counted: CountAnswer = archive.get("/v1/counts", params).await?;
    Ok(Some(counted.total))
}
