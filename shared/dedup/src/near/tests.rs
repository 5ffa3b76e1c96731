use super::*;

fn sketch(range: std::ops::Range<u32>) -> Sketch {
    let text: String = range.map(|number| format!("word{number} ")).collect();
    Sketch::of(&text, 1).unwrap()
}

fn id(number: u32) -> ArticleId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    ArticleId::from_bytes(bytes)
}

fn offer(number: u32, site: &str, range: std::ops::Range<u32>) -> SketchedText {
    let (id, site) = (id(number), site.into());
    SketchedText { id, text: u64::from(range.start), site, sketch: sketch(range) }
}

/// A text of its own for each number.
fn own(number: u32) -> std::ops::Range<u32> {
    number * 1000..number * 1000 + 100
}

fn index(capacity: usize) -> NearIndex {
    NearIndex::new(&NearConfig { capacity, ..NearConfig::default() })
}

#[test]
fn earlier_texts_are_found_in_their_order() {
    let mut index = index(1000);
    assert_eq!(index.offer(&offer(1, "a", 0..100), 0), []);
    let second = index.offer(&offer(2, "b", 20..120), 0);
    assert_eq!(second.len(), 1);
    assert_eq!((second[0].id, second[0].on_this_site), (id(1), false));
    assert!((0.7..0.9).contains(&second[0].containment), "{second:?}");
    let third = index.offer(&offer(3, "b", 10..110), 0);
    let told: Vec<_> = third.iter().map(|found| (found.id, found.on_this_site)).collect();
    assert_eq!(told, [(id(1), false), (id(2), true)]);
    assert_eq!(index.offer(&offer(4, "a", own(9)), 0), []);
}

#[test]
fn a_text_offered_again_is_neither_its_own_match_nor_taken_in_twice() {
    let mut index = index(1000);
    for _ in 0..3 {
        assert_eq!(index.offer(&offer(1, "a", 0..100), 0), []);
    }
    assert_eq!(index.len(), 1);
    assert_eq!(index.offer(&offer(1, "a", 0..130), 0), [], "a revision");
    assert_eq!(index.len(), 2);
}

#[test]
fn what_will_be_refused_leads_nothing_to_itself() {
    let mut index = index(1000);
    index.offer(&offer(1, "a", 0..100), 0);
    assert_eq!(index.offer(&offer(2, "a", 30..130), 0).len(), 1);
    assert_eq!(index.offer(&offer(3, "a", 60..160), 0), [], "far from the first");
    assert_eq!(index.len(), 2);
}

#[test]
fn a_full_index_forgets_the_oldest() {
    let mut index = index(1600);
    for number in 0..5000 {
        assert_eq!(index.offer(&offer(number, "a", own(number)), 0), []);
        assert!(index.len() <= 1600);
    }
    assert!(index.len() > 1400, "{}", index.len());
    assert_eq!(index.offer(&offer(9999, "b", own(4990)), 0).len(), 1);
    assert_eq!(index.offer(&offer(9998, "b", own(10)), 0), []);
}

#[test]
fn what_is_too_old_is_forgotten() {
    let config = NearConfig { max_age_days: 1, ..NearConfig::default() };
    let mut index = NearIndex::new(&config);
    index.offer(&offer(1, "a", own(1)), 1_000_000);
    index.offer(&offer(2, "a", own(2)), 1_050_000);
    assert_eq!(index.offer(&offer(3, "b", own(1)), 1_086_400).len(), 1);
    assert_eq!(index.offer(&offer(4, "c", own(2)), 1_136_401), []);
    assert_eq!(index.offer(&offer(5, "c", own(7)), 2_000_000), []);
    assert_eq!(index.len(), 1, "what is spent as a whole is dropped");
}

#[test]
fn a_phrase_that_all_share_hides_no_copy() {
    let mut index = index(10_000);
    let with_notice = |number: u32| {
        let own: String = own(number).map(|word| format!("word{word} ")).collect();
        let text = format!("{own} this article was made by the staff of the valley ledger");
        let (id, sketch) = (id(number), Sketch::of(&text, 1).unwrap());
        SketchedText { id, text: u64::from(number), site: "a".into(), sketch }
    };
    for number in 0..2000 {
        assert_eq!(index.offer(&with_notice(number), 0), []);
    }
    let copy = SketchedText { id: id(9000), site: "b".into(), ..with_notice(1500) };
    let found = index.offer(&copy, 0);
    assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), [id(1500)]);
}

#[test]
fn an_article_costs_less_than_400_bytes() {
    let mut index = index(16_000);
    for number in 0..16_000 {
        index.insert(&offer(number, "a", own(number % 100)), 0);
    }
    let each = index.size_bytes() / index.len();
    assert!(each <= 400, "{each} bytes");
}

#[test]
fn the_defaults_are_in_range_and_a_wrong_value_is_named() {
    assert_eq!(NearConfig::default().validate(), Ok(()));
    let wrong = NearConfig { threshold: f32::NAN, ..NearConfig::default() };
    assert!(wrong.validate().unwrap_err().to_string().starts_with("near.threshold is NaN"));
}

fn near(a: &str, b: &str) -> bool {
    let sketch = |text| Sketch::of(text, 1).unwrap();
    NearConfig::default().nearness(&sketch(a), &sketch(b)).is_some()
}

#[test]
fn reports_of_one_pattern_are_told_apart_by_their_numbers() {
    let auction = |day: u32, sum: u32, due: u32| {
        format!(
            "The treasury said that it will sell {sum} million of three and six month bills at \
             its regular auction next week. The sale on March {day} will be evenly divided \
             between the two issues and results in a paydown of {due} million as maturing bills \
             total {} million.",
            sum + due
        )
    };
    assert!(!near(&auction(23, 13_200, 1650), &auction(30, 12_800, 1200)));
    let copied = format!("{} The bills are issued by the central bank.", auction(23, 13_200, 1650));
    assert!(near(&auction(23, 13_200, 1650), &copied));
}

#[test]
fn a_few_changed_numbers_are_a_correction() {
    let storm = |dead: u32| {
        format!(
            "At least {dead} people died when a storm tore the roofs off houses along the \
             southern coast during the night, the civil defence said. Roads were blocked by \
             fallen trees, and thousands of families were without power in the morning. The \
             harbour stays closed until the wreck of a ferry has been towed away."
        )
    };
    assert!(near(&storm(12), &storm(17)));
}
