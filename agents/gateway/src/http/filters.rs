//! The filters of searches, counts and feeds.

pub(super) use courant_api::search::FILTERS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_is_a_field_of_the_query_language() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let unknown = courant_query::Query::filter("colour", "red", now).unwrap_err();
        let said = unknown.to_string();
        let (_, fields) = said.split_once("the fields are ").unwrap();
        assert!(fields.starts_with(&FILTERS.join(", ")), "{said}");
    }
}
