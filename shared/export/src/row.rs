//! One article as one row.

use courant_api::articles::ArticleView;
use courant_api::exports::ExportFormat;
use serde::Serialize;

/// The columns of csv.
const COLUMNS: [&str; 18] = [
    "id",
    "url",
    "title",
    "authors",
    "published_at",
    "language",
    "site_name",
    "text",
    "source",
    "decision",
    "syndicated_of",
    "tags",
    "section",
    "topics",
    "sentiment",
    "revision",
    "stored_at",
    "cursor",
];
/// Characters with which a spreadsheet begins a formula, or which it passes over before one.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Stands between values of one cell.
const BETWEEN: &str = "; ";

/// A row could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// As a line of JSON.
    #[error("an article cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// As a row of csv.
    #[error("an article cannot be written as csv")]
    Csv(#[from] csv::Error),
}

/// Writes articles in one format.
#[derive(Clone, Copy, Debug)]
pub struct RowWriter {
    format: ExportFormat,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    article: &'a ArticleView,
    cursor: &'a str,
}

impl RowWriter {
    /// Makes a writer of `format`.
    pub fn new(format: ExportFormat) -> Self {
        Self { format }
    }

    /// Returns the bytes before the first row.
    ///
    /// # Errors
    /// [`Error::Csv`].
    pub fn head(self) -> Result<Vec<u8>, Error> {
        match self.format {
            ExportFormat::Csv => record(COLUMNS),
            ExportFormat::Jsonl => Ok(Vec::new()),
        }
    }

    /// Returns the row of an article. The export goes on behind `cursor`.
    ///
    /// # Errors
    /// [`Error::Csv`] or [`Error::Json`].
    pub fn row(self, article: &ArticleView, cursor: &str) -> Result<Vec<u8>, Error> {
        match self.format {
            ExportFormat::Csv => record(cells(article, cursor).iter().map(|cell| harmless(cell))),
            ExportFormat::Jsonl => {
                let mut line = serde_json::to_vec(&Line { article, cursor })?;
                line.push(b'\n');
                Ok(line)
            }
        }
    }
}

fn cells(article: &ArticleView, cursor: &str) -> [String; COLUMNS.len()] {
    let or_empty = |value: &Option<String>| value.clone().unwrap_or_default();
    let topics: Vec<&str> =
        article.analysis.topics.iter().map(|topic| topic.code.as_str()).collect();
    let sentiment = article.analysis.sentiment.as_ref();
    [
        article.id.clone(),
        article.url.clone(),
        article.title.clone(),
        article.authors.join(BETWEEN),
        or_empty(&article.published_at),
        or_empty(&article.language),
        or_empty(&article.site_name),
        or_empty(&article.text),
        article.source.clone(),
        article.decision.clone(),
        or_empty(&article.syndicated_of),
        article.tags.join(BETWEEN),
        or_empty(&article.section),
        topics.join(BETWEEN),
        sentiment.map_or_else(String::new, |sentiment| sentiment.polarity().to_string()),
        article.revision.to_string(),
        article.stored_at.clone(),
        cursor.to_owned(),
    ]
}

/// A cell that no spreadsheet takes for a formula. A number stays one.
fn harmless(cell: &str) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    if cell.starts_with(FORMULA) && !is_number { format!("'{cell}") } else { cell.to_owned() }
}

/// A row as RFC 4180 has it, with its line end.
fn record<T: AsRef<[u8]>>(cells: impl IntoIterator<Item = T>) -> Result<Vec<u8>, Error> {
    let terminator = csv::Terminator::CRLF;
    let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|error| Error::Csv(error.into_error().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(title: &str, text: &str) -> ArticleView {
        serde_json::from_value(serde_json::json!({
            "id": "0f115db062b7c0dd030b16878c99dea5", "revision": 17, "url": "https://a.example/1",
            "title": title, "authors": ["Ann", "-Bo"], "text": text, "truncated": false,
            "text_truncated": false, "source": "test", "decision": "new", "paywalled": false,
            "stored_at": "2026-11-30T12:00:00Z",
            "model": { "name": "m", "version": "1", "precision": "fp32", "provider": "cpu" },
            "analysis": courant_article::Analysis::default(),
        }))
        .unwrap()
    }

    #[test]
    fn a_row_of_csv_is_read_back_and_has_no_formula() {
        let writer = RowWriter::new(ExportFormat::Csv);
        let evil = "=HYPERLINK(\"http://evil.example\")";
        let text = "Two lines,\n\"quoted\"; ü";
        let mut bytes = writer.head().unwrap();
        bytes.extend(writer.row(&article(evil, text), "-5_aa").unwrap());
        bytes.extend(writer.row(&article("@SUM(A1)", "\t=1"), "c2").unwrap());
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), COLUMNS);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((&rows[0][2], &rows[0][7]), (format!("'{evil}").as_str(), text));
        assert_eq!((&rows[0][3], &rows[0][15], &rows[0][17]), ("Ann; -Bo", "17", "'-5_aa"));
        assert_eq!((&rows[1][2], &rows[1][7]), ("'@SUM(A1)", "'\t=1"));
        assert_eq!(harmless("-0.25"), "-0.25", "a number is none");
    }

    #[test]
    fn a_line_of_json_is_the_article_with_its_cursor() {
        let writer = RowWriter::new(ExportFormat::Jsonl);
        let line = writer.row(&article("=1", "one\ntwo"), "c1").unwrap();
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((&line["title"], &line["cursor"]), (&"=1".into(), &"c1".into()));
        assert!(writer.head().unwrap().is_empty());
    }
}
