//! Exports over HTTP. The trailer tells the number of rows: a stream without it is not whole.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use courant_api::exports::{ExportFormat, ExportParams};
use courant_api::openapi::{Media, Operation};
use courant_service::{Parameters, Refusal, Routes};
use futures::Stream;
use http_body::Frame;

use super::filters::FILTERS;
use crate::api::Api;
use crate::api::export::Rows;
use crate::error::ApiError;

const LINES: &str = "application/x-ndjson";
const CSV: &str = "text/csv; charset=utf-8";
/// The number of articles that fulfil the question when the export begins.
const TOTAL: &str = "courant-total";
/// The number of rows, in the trailer.
const ROWS: &str = "courant-rows";

/// The route of exports.
pub(super) fn routes() -> Routes<Api> {
    let export = "Writes all articles that fulfil a question, the oldest first";
    let export = Operation::get("/v1/export", "export", export)
        .parameters::<ExportParams>()
        .filters(&FILTERS)
        .answer(200, Media::Text(LINES))
        .answer(200, Media::Text("text/csv"));
    Routes::new().route(export, export_of)
}

async fn export_of(
    State(api): State<Api>,
    Parameters(params): Parameters<ExportParams>,
) -> Result<Response, Refusal> {
    let ExportParams { q, format, cursor, filters } = params;
    let (total, rows) = Box::pin(api.export(&q, &filters, format, cursor.as_deref())).await?;
    let media_type = match format {
        ExportFormat::Jsonl => LINES,
        ExportFormat::Csv => CSV,
    };
    let head = [
        (header::CONTENT_TYPE.as_str(), media_type.to_owned()),
        (header::TRAILER.as_str(), ROWS.to_owned()),
        (TOTAL, total.to_string()),
    ];
    let body = Body::new(CountedRows { rows, count: 0, is_over: false });
    Ok((head, body).into_response())
}

/// A body that counts its rows.
struct CountedRows {
    rows: Rows,
    count: u64,
    is_over: bool,
}

impl HttpBody for CountedRows {
    type Data = Bytes;
    type Error = ApiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ApiError>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut self.rows).poll_next(context)) {
            Some(Ok((bytes, rows))) => {
                self.count += rows;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Err(error)) => {
                error.log();
                self.is_over = true;
                Poll::Ready(Some(Err(error)))
            }
            None => {
                self.is_over = true;
                let trailer =
                    (header::HeaderName::from_static(ROWS), HeaderValue::from(self.count));
                Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::from_iter([trailer])))))
            }
        }
    }
}
