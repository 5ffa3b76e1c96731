use super::*;
use crate::deadline::Deadline;

#[test]
fn the_trees_name_the_numbers_that_they_are_for() {
    let document = dom_query::Document::from("<p>A paragraph of prose that ends.</p>");
    let (about, deadline) = (About::default(), Deadline::never());
    let found = super::super::by_rules(&document, about, &deadline).unwrap();
    let evidence = evidence(&found, about, &deadline).unwrap();
    let names: Vec<&str> = evidence[0].1.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, TREES.names());
}
