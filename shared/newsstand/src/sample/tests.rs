use std::collections::{BTreeMap, BTreeSet};

use courant_extract::Page as Extracted;

use super::*;

fn extracted(site: &Site, page: &SitePage) -> Extracted {
    let url = format!("http://{}{}", site.host, page.path_and_query).parse().unwrap();
    courant_extract::page(&page.body, Some(&page.content_type), &url).unwrap()
}

fn words(text: &str) -> BTreeSet<String> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
}

#[test]
fn every_article_is_extracted_as_it_was_written() {
    let articles: Vec<_> = TEXTS.iter().map(|text| SampleArticle::parse(text)).collect();
    let sites = sample();
    for article in &articles {
        let site = sites.iter().find(|site| site.host == article.site).unwrap();
        let versions = site.pages.iter().chain(&site.revisions);
        let page = versions
            .clone()
            .find(|page| page.title == article.title && !page.path_and_query.starts_with("/print"));
        let found = extracted(site, page.unwrap());
        assert!(found.is_article, "{}", article.slug);
        assert_eq!(found.title, article.title);
        assert_eq!(found.authors, std::slice::from_ref(&article.author));
        assert_eq!(found.published_at.unwrap().as_str(), article.published);
        assert_eq!(found.language.as_deref(), Some("en"));
        assert_eq!(found.site_name.as_deref(), Some(site.name.as_str()));
        assert_eq!(found.text, article.paragraphs.join("\n\n"), "{}", article.slug);
    }
}

#[test]
fn the_sample_holds_a_duplicate_a_syndicated_copy_a_revision_and_a_listing() {
    let sites = sample();
    let mut by_text: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let mut listings = Vec::new();
    for (site, page) in
        sites.iter().flat_map(|site| site.pages.iter().map(move |page| (site, page)))
    {
        let found = extracted(site, page);
        if found.is_article {
            let hash = courant_dedup::content_hash(&found.text);
            by_text.entry(hash).or_default().push(format!("{}{}", site.host, page.path_and_query));
        } else {
            listings.push(page.path_and_query.clone());
        }
    }
    let copies: Vec<_> = by_text.values().filter(|urls| urls.len() > 1).collect();
    assert_eq!(by_text.len(), 24);
    assert_eq!(copies.len(), 2, "{copies:?}");
    assert!(
        copies.iter().any(|urls| urls.iter().all(|url| url.starts_with("harbour"))),
        "{copies:?}"
    );
    assert!(
        copies.iter().any(|urls| urls.iter().any(|url| url.starts_with("valley"))),
        "{copies:?}"
    );
    assert_eq!(listings, ["/2026/03/all-stories-of-the-week-at-a-glance"]);
    let courier = &sites[0];
    let revision = &courier.revisions[0];
    let before = courier.page(&revision.path_and_query).unwrap();
    assert_ne!(extracted(courier, before).text, extracted(courier, revision).text);
    assert!(revision.last_modified > before.last_modified);
}

#[test]
fn the_query_by_meaning_shares_no_word_with_its_answer() {
    let sites = sample();
    let site = sites.iter().find(|site| site.host == MEANING_ANSWER.0).unwrap();
    let found = extracted(site, site.page(MEANING_ANSWER.1).unwrap());
    let answer = words(&format!("{} {}", found.title, found.text));
    assert!(words(MEANING_QUERY).is_disjoint(&answer));
}
