use std::time::Duration;

use courant_store::{Error, Lease, Listing, Note, NoteKind, Visit};

use crate::conformance;
use crate::house::House;

conformance!(
    a_domain_has_one_holder_at_a_time,
    a_lease_that_ended_is_taken_over_with_the_pause_of_its_holder,
    renewals_keep_what_is_held_and_count_who_lives,
    a_write_under_a_lease_that_was_lost_changes_nothing,
    pages_belong_to_whoever_holds_their_domain,
    domains_wait_for_a_holder_while_pages_do,
);

const LASTS: Duration = Duration::from_secs(600);
const NONE: Duration = Duration::ZERO;
const DOMAIN: &str = "a.example";

async fn take(house: &House, holder: &str, lasts: Duration) -> Option<Lease> {
    let taken = house.store.crawl().take_lease(DOMAIN, holder, lasts).await.unwrap();
    taken.map(|taken| taken.lease)
}

async fn a_domain_has_one_holder_at_a_time(house: House) {
    let first = take(&house, "one", LASTS).await.unwrap();
    assert_eq!((first.domain.as_str(), first.holder.as_str(), first.epoch), (DOMAIN, "one", 1));
    assert_eq!(take(&house, "two", LASTS).await, None);
    let again = take(&house, "one", LASTS).await.unwrap();
    assert_eq!(again.epoch, 2);
    let crawl = house.store.crawl();
    let other = crawl.take_lease("b.example", "two", LASTS).await.unwrap().unwrap();
    assert_eq!(other.lease.epoch, 1, "another domain is free");
    crawl.release_leases("one", &[(first, NONE)]).await.unwrap();
    assert_eq!(take(&house, "two", LASTS).await, None, "that epoch is over");
    crawl.release_leases("one", &[(again, NONE)]).await.unwrap();
    assert_eq!(take(&house, "two", LASTS).await.unwrap().epoch, 3);
}

async fn a_lease_that_ended_is_taken_over_with_the_pause_of_its_holder(house: House) {
    let crawl = house.store.crawl();
    let lease = take(&house, "one", LASTS).await.unwrap();
    let pause = Duration::from_millis(2_500);
    crawl.renew_leases("one", &[(lease, pause)], NONE).await.unwrap();
    let taken = crawl.take_lease(DOMAIN, "two", LASTS).await.unwrap().unwrap();
    assert_eq!((taken.lease.epoch, taken.delay), (2, pause));
    assert_eq!(take(&house, "one", LASTS).await, None);
}

async fn renewals_keep_what_is_held_and_count_who_lives(house: House) {
    let crawl = house.store.crawl();
    let lost = take(&house, "one", NONE).await.unwrap();
    let theirs = take(&house, "two", LASTS).await.unwrap();
    let ours = crawl.take_lease("b.example", "one", NONE).await.unwrap().unwrap().lease;
    let asked = [(lost, NONE), (ours, NONE)];
    let renewal = crawl.renew_leases("one", &asked, LASTS).await.unwrap();
    assert_eq!(renewal.kept, ["b.example"], "it had ended, but nobody was in between");
    assert_eq!((renewal.crawlers, renewal.domains), (1, 2));
    let renewal = crawl.renew_leases("two", &[(theirs, NONE)], LASTS).await.unwrap();
    assert_eq!((renewal.kept.len(), renewal.crawlers, renewal.domains), (1, 2, 2));
    crawl.leave("one").await.unwrap();
    let renewal = crawl.renew_leases("two", &[], NONE).await.unwrap();
    assert_eq!(renewal.crawlers, 0, "its own sign of life has ended, too");
}

async fn a_write_under_a_lease_that_was_lost_changes_nothing(house: House) {
    let crawl = house.store.crawl();
    let lost = take(&house, "one", NONE).await.unwrap();
    let held = take(&house, "two", LASTS).await.unwrap();
    let url = "https://a.example/1".to_owned();
    let visit = Visit { url: url.clone(), fetched_at_ms: 5, ..Visit::default() };
    let listing = Listing { url: url.clone(), checked_at_ms: 5, ..Listing::default() };
    let note = page(&url, DOMAIN);
    let other = crawl.take_lease("b.example", "one", LASTS).await.unwrap().unwrap().lease;
    let leases = [other, lost];
    let refusals = [
        crawl.record_visits(&leases, std::slice::from_ref(&visit)).await,
        crawl.record_listing(&leases, &listing).await,
        crawl.record_notes(&leases, std::slice::from_ref(&note)).await,
        crawl.adopt(&leases, 10).await.map(|_| ()),
    ];
    for refusal in refusals {
        let is_lost = matches!(&refusal, Err(Error::LeaseLost { domain }) if domain == DOMAIN);
        assert!(is_lost, "{refusal:?}");
        assert!(!refusal.unwrap_err().is_transient());
    }
    assert_eq!(crawl.visit(&url).await.unwrap(), None);
    assert_eq!(crawl.listing(&url).await.unwrap(), None);
    assert_eq!(crawl.note(NoteKind::Page, &url).await.unwrap(), None);

    let leases = [held];
    crawl.record_visits(&leases, std::slice::from_ref(&visit)).await.unwrap();
    crawl.record_listing(&leases, &listing).await.unwrap();
    crawl.record_notes(&leases, std::slice::from_ref(&note)).await.unwrap();
    assert_eq!(crawl.visit(&url).await.unwrap(), Some(visit));
    assert_eq!(crawl.listing(&url).await.unwrap(), Some(listing));
    assert_eq!(crawl.note(NoteKind::Page, &url).await.unwrap(), Some(note));
}

fn page(url: &str, domain: &str) -> Note {
    let (kind, body) = (NoteKind::Page, Some("{}".to_owned()));
    Note { kind, name: url.into(), domain: domain.into(), body, until_ms: 5 }
}

fn names(pages: &[Note]) -> Vec<&str> {
    let mut names: Vec<_> = pages.iter().map(|page| page.name.as_str()).collect();
    names.sort_unstable();
    names
}

async fn pages_belong_to_whoever_holds_their_domain(house: House) {
    let crawl = house.store.crawl();
    let first = [take(&house, "one", NONE).await.unwrap()];
    let known = [page("https://a.example/1", DOMAIN), page("https://a.example/2", DOMAIN)];
    crawl.record_notes(&first, &known).await.unwrap();
    assert_eq!(crawl.adopt(&first, 10).await.unwrap(), [], "its holder knows of them");
    let handed = [page("https://a.example/2", DOMAIN), page("https://a.example/3", DOMAIN)];
    crawl.hand_over(&handed).await.unwrap();
    assert_eq!(names(&crawl.adopt(&first, 10).await.unwrap()), ["https://a.example/3"]);

    let elsewhere = page("https://b.example/1", "b.example");
    crawl.hand_over(std::slice::from_ref(&elsewhere)).await.unwrap();
    let second = [take(&house, "two", LASTS).await.unwrap()];
    let some = crawl.adopt(&second, 2).await.unwrap();
    let rest = crawl.adopt(&second, 10).await.unwrap();
    assert_eq!((some.len(), rest.len()), (2, 1));
    let all = [some, rest].concat();
    let expected = ["https://a.example/1", "https://a.example/2", "https://a.example/3"];
    assert_eq!(names(&all), expected);
    assert!(all.iter().all(|page| page.domain == DOMAIN && page.body.is_some()));
}

async fn domains_wait_for_a_holder_while_pages_do(house: House) {
    let crawl = house.store.crawl();
    let waiting = async |holder: &str| {
        let mut domains = house.store.crawl().waiting_domains(holder, 10).await.unwrap();
        domains.sort();
        domains
    };
    assert!(waiting("one").await.is_empty());
    let pages = [page("https://a.example/1", DOMAIN), page("https://b.example/1", "b.example")];
    crawl.hand_over(&pages).await.unwrap();
    // As release 0.1 noted it.
    crawl.hand_over(&[page("https://c.example/1", "")]).await.unwrap();
    assert_eq!(waiting("one").await, [DOMAIN, "b.example"]);
    let held = take(&house, "one", LASTS).await.unwrap();
    assert_eq!(waiting("one").await, [DOMAIN, "b.example"], "its own may wait for it");
    assert_eq!(waiting("two").await, ["b.example"]);
    crawl.hand_over(&[page("https://c.example/1", "c.example")]).await.unwrap();
    assert_eq!(waiting("two").await, ["b.example", "c.example"]);
    let done = Note { body: None, ..page("https://a.example/1", DOMAIN) };
    crawl.record_notes(&[held], &[done]).await.unwrap();
    assert_eq!(waiting("one").await, ["b.example", "c.example"]);
    assert_eq!(crawl.waiting_domains("one", 1).await.unwrap().len(), 1);
}
