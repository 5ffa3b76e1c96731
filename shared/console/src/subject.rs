//! Pages about a name, a topic or an outlet: how much there is over time, in whose company, and the
//! articles.

use askama::Template;
use axum::extract::Path;
use axum::http::Uri;
use axum::response::Response;
use courant_api::Problem;
use courant_api::counts::CountAnswer;
use courant_api::search::SearchAnswer;
use courant_api::sources::{SourceView, SourcesPage};
use futures::future::join_all;
use futures::join;

use crate::ask::Archive;
use crate::card::{Card, topic_name};
use crate::chart::{Chart, Period};
use crate::choice::{Choice, quoted};
use crate::facets::{FacetList, facets};
use crate::failure;
use crate::now;
use crate::page::{Screen, Shell, answer};
use crate::plain;
use crate::reader::Reader;

const SHOWN: &str = "20";
const FACET_VALUES: &str = "10";
/// The outlets whose sentiment is shown.
const OUTLETS: usize = 6;

#[derive(Template)]
#[template(path = "subject.html")]
struct Page {
    shell: Shell,
    kind: String,
    title: String,
    total: u64,
    chart: Option<Chart>,
    facets: Vec<FacetList>,
    moods: Vec<Mood>,
    sources: Vec<Followed>,
    /// The share of an outlet's articles that it had first, in per cent.
    own_share: Option<u64>,
    cards: Vec<Card>,
    next: Option<String>,
    search: String,
    compare: String,
    feed: String,
}

/// The sentiment of the articles of an outlet.
struct Mood {
    site: String,
    articles: u64,
    /// Per cent of negative, neutral and positive.
    parts: [u64; 3],
}

/// A source of an outlet that the crawler follows.
struct Followed {
    url: String,
    href: Option<String>,
    state: String,
    state_word: String,
    problem: Option<String>,
    checked: Option<String>,
    next: Option<String>,
}

/// A subject: its kind, its name, and the filter that finds its articles.
struct Subject {
    kind: &'static str,
    title: String,
    field: &'static str,
    value: String,
    facets: &'static str,
}

/// Shows a name.
pub(crate) async fn name(
    archive: Archive,
    reader: Reader,
    Path((kind, name)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    let field = ["person", "org", "place"].into_iter().find(|field| *field == kind);
    let subject = Subject {
        kind: field.unwrap_or("name"),
        title: plain::line(&name),
        field: field.unwrap_or("entity"),
        value: quoted(&name),
        facets: "name,topic,site,language",
    };
    show(&archive, &reader, subject, &Choice::of(&uri, &["cursor"])).await
}

/// Shows a topic.
pub(crate) async fn topic(
    archive: Archive,
    reader: Reader,
    Path(code): Path<String>,
    uri: Uri,
) -> Response {
    let subject = Subject {
        kind: "topic",
        title: topic_name(&code, &code, &reader),
        field: "topic",
        value: code,
        facets: "name,site,language,sentiment",
    };
    show(&archive, &reader, subject, &Choice::of(&uri, &["cursor"])).await
}

/// Shows an outlet.
pub(crate) async fn site(
    archive: Archive,
    reader: Reader,
    Path(site): Path<String>,
    uri: Uri,
) -> Response {
    let subject = Subject {
        kind: "site",
        title: plain::line(&site),
        field: "site",
        value: site,
        facets: "topic,name,language,decision",
    };
    show(&archive, &reader, subject, &Choice::of(&uri, &["cursor"])).await
}

async fn show(archive: &Archive, reader: &Reader, subject: Subject, choice: &Choice) -> Response {
    match Box::pin(page(archive, reader, subject, choice)).await {
        Ok(page) => answer(&page),
        Err(problem) => failure::page(reader, &problem),
    }
}

async fn page(
    archive: &Archive,
    reader: &Reader,
    subject: Subject,
    choice: &Choice,
) -> Result<Page, Problem> {
    let all = choice.and(subject.field, &subject.value);
    let mut listing = all.params();
    listing.extend([("sort", "newest"), ("limit", SHOWN)]);
    listing.extend(choice.other("cursor").map(|cursor| ("cursor", cursor)));
    let mut counting = all.params();
    let names = format!("{},site,decision", subject.facets);
    counting.extend([("facets", names.as_str()), ("limit", FACET_VALUES), ("interval", "day")]);
    let (found, counted, sources) = join!(
        archive.get::<SearchAnswer>("/v1/search", &listing),
        archive.get::<CountAnswer>("/v1/counts", &counting),
        followed(archive, reader, &subject),
    );
    let (found, counted) = (found?, counted?);
    let (cards, moods) =
        join!(now::cards(archive, reader, &found, ""), moods(archive, &all, &counted),);
    let here = choice.dropping("cursor");
    Ok(Page {
        shell: Shell::new(reader, Screen::Other, subject.title.clone()),
        kind: reader.texts.word("kind", subject.kind),
        title: subject.title,
        total: counted.total,
        chart: Chart::of(&counted.series, Period::Day, &all, &reader.calendar),
        facets: facets(&counted, subject.facets, &all.moved("/search"), reader),
        moods: moods?,
        sources: sources?,
        own_share: (subject.kind == "site").then(|| own_share(&counted)).flatten(),
        cards: cards?,
        next: found.cursor.map(|cursor| here.keeping("cursor", &cursor).href()),
        search: all.dropping("cursor").at("/search"),
        compare: all.dropping("cursor").at("/compare"),
        feed: all.dropping("cursor").at("/v1/feed"),
    })
}

/// The sentiment by outlet, of those with the most articles.
async fn moods(
    archive: &Archive,
    all: &Choice,
    counted: &CountAnswer,
) -> Result<Vec<Mood>, Problem> {
    let sites = counted.facets.get("site").map(|facet| facet.values.as_slice()).unwrap_or_default();
    let of_site = sites.iter().take(OUTLETS).map(async |site| {
        let choice = all.dropping("cursor").and("site", &site.value);
        let mut params = choice.params();
        params.push(("facets", "sentiment"));
        let counted: CountAnswer = archive.get("/v1/counts", &params).await?;
        let labels = counted.facets.get("sentiment").map(|facet| facet.values.as_slice());
        let of = |label: &str| {
            let mut values = labels.unwrap_or_default().iter();
            values.find(|value| value.value == label).map_or(0, |value| value.count)
        };
        let parts = [of("negative"), of("neutral"), of("positive")];
        let sum = parts.iter().sum::<u64>().max(1);
        let parts = parts.map(|part| part * 100 / sum);
        Ok::<_, Problem>(Mood { site: site.value.clone(), articles: site.count, parts })
    });
    let moods = join_all(of_site).await.into_iter().collect::<Result<Vec<Mood>, _>>()?;
    Ok(moods.into_iter().filter(|mood| mood.parts.iter().any(|part| *part > 0)).collect())
}

fn own_share(counted: &CountAnswer) -> Option<u64> {
    let values = &counted.facets.get("decision")?.values;
    let copied = values.iter().find(|value| value.value == "syndicated");
    let copied = copied.map_or(0, |value| value.count);
    (counted.total > 0).then(|| (counted.total.saturating_sub(copied)) * 100 / counted.total)
}

/// The sources of an outlet that the crawler follows.
async fn followed(
    archive: &Archive,
    reader: &Reader,
    subject: &Subject,
) -> Result<Vec<Followed>, Problem> {
    if subject.kind != "site" {
        return Ok(Vec::new());
    }
    let all: SourcesPage = archive.get("/v1/sources", &[]).await?;
    let own = all
        .sources
        .into_iter()
        .filter(|source| plain::site(&source.url).is_some_and(|site| site == subject.value));
    Ok(own.map(|source| followed_source(&source, reader)).collect())
}

fn followed_source(source: &SourceView, reader: &Reader) -> Followed {
    let calendar = &reader.calendar;
    Followed {
        href: plain::web_address(&source.url),
        url: plain::line(&source.url),
        state: source.state.as_str().to_owned(),
        state_word: reader.texts.word("state", source.state.as_str()),
        problem: source.problem.as_deref().map(plain::line),
        checked: source.checked_at.as_deref().map(|time| calendar.when(time).ago),
        next: source.next_check_at.as_deref().map(|time| calendar.when(time).exact),
    }
}
