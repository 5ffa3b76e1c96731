//! Lists and counts from the index.

use courant_article::ArticleId;
use courant_query::Query;
use courant_text::analyzer::{QueryWord, query_words};
use tantivy::collector::{Count, DocSetCollector, TopDocs};
use tantivy::query::{BooleanQuery, Query as IndexQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Searcher, Term};

use crate::columns::{AllNames, ArticleName};
use crate::counted::{CountCollector, CountRequest, Counts};
use crate::document::halves;
use crate::error::Error;
use crate::index::Index;
use crate::languages::{frequent_languages, query_languages};
use crate::listed::TimeCollector;
use crate::lower::Lowering;

/// Returns the number of articles that fulfil the conditions, and a page of them.
pub(crate) fn by_time(
    index: &Index,
    query: &Query,
    page: TimeCollector,
) -> Result<(u64, Vec<(i64, ArticleName)>), Error> {
    let searcher = index.searcher();
    let strict = strict(index, &searcher, query)?;
    let (total, found) = searcher.search(strict.as_ref(), &(Count, page))?;
    Ok((total as u64, found))
}

/// Returns the query of the index for the articles that fulfil all conditions.
pub(crate) fn strict(
    index: &Index,
    searcher: &Searcher,
    query: &Query,
) -> Result<Box<dyn IndexQuery>, Error> {
    let frequent = frequent_languages(searcher, index.fields.language)?;
    let languages = query_languages(query, &frequent);
    Lowering { fields: index.fields, languages: &languages }.strict(query)
}

/// Returns true if the article `id` fulfils all conditions.
pub(crate) fn fulfils(index: &Index, query: &Query, id: ArticleId) -> Result<bool, Error> {
    let searcher = index.searcher();
    let strict = strict(index, &searcher, query)?;
    let term = Term::from_field_bytes(index.fields.id, id.as_bytes());
    let article = Box::new(TermQuery::new(term, IndexRecordOption::Basic));
    let both = BooleanQuery::intersection(vec![strict, article]);
    Ok(searcher.search(&both, &Count)? > 0)
}

/// Counts the articles that fulfil the conditions.
pub(crate) fn counts(
    index: &Index,
    query: &Query,
    request: &CountRequest,
) -> Result<Counts, Error> {
    let searcher = index.searcher();
    let strict = strict(index, &searcher, query)?;
    Ok(searcher.search(strict.as_ref(), &CountCollector(request.clone()))?)
}

/// Returns the words of a query with the forms that match them.
pub(crate) fn words(index: &Index, query: &Query) -> Result<Vec<QueryWord>, Error> {
    let frequent = frequent_languages(&index.searcher(), index.fields.language)?;
    Ok(query_words(&query.text(), &query_languages(query, &frequent)))
}

/// Returns the articles with the text that the article `first` had first, in the order of their
/// ids.
pub(crate) fn cluster(index: &Index, first: ArticleId) -> Result<Vec<ArticleId>, Error> {
    let searcher = index.searcher();
    let term = Term::from_field_u64(index.fields.cluster, halves(first).0);
    let found =
        searcher.search(&TermQuery::new(term, IndexRecordOption::Basic), &DocSetCollector)?;
    let names = AllNames::of(&searcher)?;
    let mut ids: Vec<ArticleId> =
        found.into_iter().map(|document| names.name(document).id).collect();
    ids.sort();
    Ok(ids)
}

/// Returns the articles that hold any of the names, best first.
pub(crate) fn naming(
    index: &Index,
    names: &[String],
    limit: usize,
) -> Result<Vec<ArticleId>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let searcher = index.searcher();
    let lowering = Lowering { fields: index.fields, languages: &[] };
    let any = lowering.any_phrase(names);
    let found = searcher.search(any.as_ref(), &TopDocs::with_limit(limit).order_by_score())?;
    let names = AllNames::of(&searcher)?;
    let mut found: Vec<_> =
        found.into_iter().map(|(score, document)| (score, names.name(document).id)).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    Ok(found.into_iter().map(|(_, id)| id).collect())
}
