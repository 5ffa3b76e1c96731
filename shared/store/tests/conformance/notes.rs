use courant_store::{Note, NoteKind};

use crate::conformance;
use crate::house::House;

conformance!(
    a_note_is_found_again,
    the_last_change_of_a_note_counts,
    notes_of_a_kind_are_read_piece_by_piece,
    what_is_of_no_use_any_more_is_forgotten,
);

fn note(kind: NoteKind, name: &str, body: &str) -> Note {
    Note { kind, name: name.into(), domain: "a.com".into(), body: Some(body.into()), until_ms: 5 }
}

fn forgotten(kind: NoteKind, name: &str) -> Note {
    Note { kind, name: name.into(), domain: "a.com".into(), body: None, until_ms: 0 }
}

async fn a_note_is_found_again(house: House) {
    let page = note(NoteKind::Page, "https://a.com/ü", "{\"x\":\"é\"}");
    let robots = note(NoteKind::Robots, "https://a.com", "");
    house.store.crawl().record_notes(&[], &[page.clone(), robots.clone()]).await.unwrap();
    house.store.crawl().record_notes(&[], &[]).await.unwrap();
    let house = house.reopened().await;
    for kept in [page, robots] {
        assert_eq!(house.store.crawl().note(kept.kind, &kept.name).await.unwrap(), Some(kept));
    }
    assert_eq!(house.store.crawl().note(NoteKind::Page, "https://a.com").await.unwrap(), None);
}

async fn the_last_change_of_a_note_counts(house: House) {
    let kind = NoteKind::Pause;
    let body =
        async || house.store.crawl().note(kind, "a.com").await.unwrap().and_then(|note| note.body);
    let batches = [
        (vec![note(kind, "a.com", "1"), note(kind, "a.com", "2")], Some("2")),
        (vec![note(kind, "a.com", "3"), forgotten(kind, "a.com")], None),
        (vec![forgotten(kind, "a.com"), note(kind, "a.com", "4")], Some("4")),
        (vec![forgotten(NoteKind::Page, "a.com"), forgotten(kind, "b.com")], Some("4")),
        (vec![forgotten(kind, "a.com")], None),
    ];
    for (batch, expected) in batches {
        house.store.crawl().record_notes(&[], &batch).await.unwrap();
        assert_eq!(body().await.as_deref(), expected, "{batch:?}");
    }
}

async fn notes_of_a_kind_are_read_piece_by_piece(house: House) {
    let pages: Vec<Note> =
        (0..7).map(|n| note(NoteKind::Page, &format!("https://a.com/{n}"), "x")).collect();
    house.store.crawl().record_notes(&[], &pages).await.unwrap();
    house
        .store
        .crawl()
        .record_notes(&[], &[note(NoteKind::Robots, "https://a.com", "")])
        .await
        .unwrap();
    let mut read: Vec<Note> = Vec::new();
    loop {
        let after = read.last().map(|note| note.name.as_str());
        let piece = house.store.crawl().notes(NoteKind::Page, after, 3).await.unwrap();
        if piece.is_empty() {
            break;
        }
        assert!(piece.len() <= 3);
        read.extend(piece);
    }
    read.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(read, pages);
}

async fn what_is_of_no_use_any_more_is_forgotten(house: House) {
    let old = note(NoteKind::Robots, "https://a.com", "x");
    let new = Note { until_ms: 6, ..note(NoteKind::Page, "https://a.com", "x") };
    house.store.crawl().record_notes(&[], &[old.clone(), new.clone()]).await.unwrap();
    house.store.crawl().forget_notes(6).await.unwrap();
    assert_eq!(house.store.crawl().note(old.kind, &old.name).await.unwrap(), None);
    assert_eq!(house.store.crawl().note(new.kind, &new.name).await.unwrap(), Some(new));
}
