//! Searches and articles over gRPC.

use courant_api::articles::Found;
use courant_api::search::{Mode, SearchAnswer, Sort};
use courant_proto::v1;
use courant_proto::v1::archive_server::{Archive, ArchiveServer};
use tonic::{Request, Response, Status};

use super::answered::answered;
use crate::api::Api;
use crate::api::search::{DEFAULT_HITS, SearchRequest, half_life};
use crate::error::ApiError;
use crate::http::MAX_BODY_BYTES;

/// The service `courant.v1.Archive`.
pub(crate) fn service(api: Api) -> ArchiveServer<ArchiveService> {
    ArchiveServer::new(ArchiveService(api)).max_decoding_message_size(MAX_BODY_BYTES)
}

pub(crate) struct ArchiveService(Api);

#[tonic::async_trait]
impl Archive for ArchiveService {
    async fn search(
        &self,
        request: Request<v1::SearchRequest>,
    ) -> Result<Response<v1::SearchResponse>, Status> {
        let Self(api) = self;
        answered(api, async {
            let request = request.into_inner();
            api.reached((request.change != 0).then_some(request.change)).await?;
            Ok(response(api.search(&question(request)?).await?))
        })
        .await
    }

    async fn get_article(
        &self,
        request: Request<v1::GetArticleRequest>,
    ) -> Result<Response<v1::GetArticleResponse>, Status> {
        let Self(api) = self;
        answered(api, async {
            let v1::GetArticleRequest { id, as_of_ms } = request.into_inner();
            let record = api.record(&id, as_of_ms.map(time).transpose()?).await?;
            Ok(v1::GetArticleResponse {
                article: Some(record.article.into()),
                analysis: Some(record.analysis.into()),
                model: Some(record.model.into()),
                stored_at_ms: record.stored_at.as_millisecond(),
            })
        })
        .await
    }
}

fn time(ms: i64) -> Result<jiff::Timestamp, ApiError> {
    jiff::Timestamp::from_millisecond(ms)
        .map_err(|_| ApiError::Invalid(format!("as_of_ms is {ms}, which no calendar has")))
}

fn question(request: v1::SearchRequest) -> Result<SearchRequest, ApiError> {
    let (mode, sort) = (mode(request.mode)?, sort(request.sort)?);
    let some_text = |text: String| (!text.is_empty()).then_some(text);
    Ok(SearchRequest {
        query: request.query,
        filters: request.filters.into_iter().collect(),
        limit: match request.limit {
            0 => DEFAULT_HITS,
            limit => limit as usize,
        },
        mode,
        sort,
        cursor: some_text(request.cursor),
        explain: false,
        half_life: some_text(request.half_life).as_deref().map(half_life).transpose()?,
    })
}

fn mode(number: i32) -> Result<Mode, ApiError> {
    let unknown = |_| ApiError::Invalid(format!("mode is {number}, which is unknown"));
    Ok(match v1::SearchMode::try_from(number).map_err(unknown)? {
        v1::SearchMode::Unspecified | v1::SearchMode::Hybrid => Mode::Hybrid,
        v1::SearchMode::Vector => Mode::Vector,
        v1::SearchMode::Text => Mode::Text,
    })
}

fn sort(number: i32) -> Result<Option<Sort>, ApiError> {
    let unknown = |_| ApiError::Invalid(format!("sort is {number}, which is unknown"));
    Ok(match v1::SortOrder::try_from(number).map_err(unknown)? {
        v1::SortOrder::Unspecified => None,
        v1::SortOrder::Relevance => Some(Sort::Relevance),
        v1::SortOrder::Newest => Some(Sort::Newest),
        v1::SortOrder::Oldest => Some(Sort::Oldest),
    })
}

fn response(answer: SearchAnswer) -> v1::SearchResponse {
    let mode = match answer.mode {
        Mode::Hybrid => v1::SearchMode::Hybrid,
        Mode::Vector => v1::SearchMode::Vector,
        Mode::Text => v1::SearchMode::Text,
    };
    let sort = match answer.sort {
        Sort::Relevance => v1::SortOrder::Relevance,
        Sort::Newest => v1::SortOrder::Newest,
        Sort::Oldest => v1::SortOrder::Oldest,
    };
    v1::SearchResponse {
        hits: answer.hits.into_iter().map(hit).collect(),
        total: answer.total,
        relaxed: answer.relaxed,
        mode: mode.into(),
        sort: sort.into(),
        degraded: answer.degraded.unwrap_or_default(),
        cursor: answer.cursor.unwrap_or_default(),
        change: answer.change,
        not_indexed_yet: answer.not_indexed_yet.unwrap_or_default(),
    }
}

fn hit(found: Found) -> v1::Hit {
    v1::Hit {
        id: found.id,
        url: found.url,
        title: found.title,
        site_name: found.site_name.unwrap_or_default(),
        published_at: found.published_at.unwrap_or_default(),
        language: found.language.unwrap_or_default(),
        score: found.score,
        snippet: found.snippet,
        title_highlights: found.title_highlights.into_iter().map(code_points).collect(),
        snippet_highlights: found.snippet_highlights.into_iter().map(code_points).collect(),
        syndicated_of: found.syndicated_of.unwrap_or_default(),
        copies: found.copies,
        relaxed: found.relaxed,
    }
}

/// Titles and snippets are far shorter than 2³² code points.
fn code_points((start, end): (usize, usize)) -> v1::CodePoints {
    v1::CodePoints { start: start as u32, end: end as u32 }
}
