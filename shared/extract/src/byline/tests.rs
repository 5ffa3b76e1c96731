use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Vec<String> {
    names_in([text].into_iter(), Source::Shown)
}

#[test]
fn words_around_a_name_are_taken_off() {
    for text in [
        "Jane Doe",
        "By Jane Doe",
        "BY JANE DOE",
        "Written by: Jane Doe",
        "Von Jane Doe",
        "di Jane Doe",
        "Par Jane Doe, journaliste",
        "By Jane Doe, Senior Editor",
        "Jane Doe, Home and Garden Editor",
        "Jane Doe 14 Dec 2024",
        "Jane Doe Dec 14",
        "Jane Doe (Reuters)",
        "Jane Doe | March 5, 2024",
        "Jane Doe - Political Correspondent",
        "作者：Jane Doe",
        "Автор: Jane Doe",
    ] {
        let names = read(text);
        assert_eq!(names.len(), 1, "{text}: {names:?}");
        assert!(is_same(&names[0], "Jane Doe"), "{text}: {names:?}");
    }
}

#[test]
fn agencies_go_and_names_that_look_like_other_words_stay() {
    for (text, name) in [
        ("Jane Doe, AFP", "Jane Doe"),
        ("By Jane Doe, DPA", "Jane Doe"),
        ("Kim Min-ji", "Kim Min-ji"),
        ("Jane Doe, MD", "Jane Doe, MD"),
    ] {
        assert_eq!(read(text), [name], "{text}");
    }
}

#[test]
fn several_names_are_told_apart() {
    for text in [
        "Jane Doe and John Roe",
        "Jane Doe, John Roe",
        "Jane Doe & John Roe",
        "Jane Doe und John Roe",
        "Jane Doe et John Roe",
        "Jane Doe e John Roe",
        "Jane Doe; John Roe",
        "Jane Doe, and John Roe",
        "By Jane Doe and by John Roe",
    ] {
        assert_eq!(read(text), ["Jane Doe", "John Roe"], "{text}");
    }
}

#[test]
fn titles_and_inverted_names_stay_whole() {
    for name in
        ["John Roe, Jr.", "Jane Doe, MD, PhD", "Roe, John", "Jane Doe, CFP®", "Maria e Silva"]
    {
        assert_eq!(read(name), [name]);
    }
    assert_eq!(read("Ann Doe, MD; John Roe, RD"), ["Ann Doe, MD", "John Roe, RD"]);
}

#[test]
fn a_text_without_a_name_has_none() {
    for text in [
        "",
        "admin",
        "jane.doe@site.example",
        "@janedoe",
        "https://site.example/jane",
        "jane-doe",
        "March 5, 2024",
        "5 comments",
        "Share this article",
        "12345",
    ] {
        assert!(read(text).is_empty(), "{text}: {:?}", read(text));
    }
}

#[test]
fn each_person_is_named_once() {
    assert_eq!(names(["JANE DOE", "Jane Doe"]), ["Jane Doe"]);
}

/// Texts with two names, of which each source gives the same.
#[track_caller]
fn assert_two(text: &str, expected: [&str; 2]) {
    for source in [Source::Field, Source::Shown] {
        assert_eq!(names_in([text].into_iter(), source), expected, "{text} {source:?}");
    }
}

#[test]
fn capitals_are_parted_and_written_small() {
    for text in [
        "JANE DOE AND JOHN ROE",
        "By JANE DOE, JOHN ROE",
        "JANE DOE; JOHN ROE",
        "JANE DOE | JOHN ROE",
    ] {
        assert_two(text, ["Jane Doe", "John Roe"]);
    }
    for (text, expected) in [
        ("ANNE-MARIE O'NEIL", "Anne-Marie O'Neil"),
        ("J.K. DOE", "J.K. Doe"),
        ("JAN VAN DER BERG", "Jan van der Berg"),
        ("SHEILA MCDONALD", "Sheila McDonald"),
        ("JOHN ROE JR.", "John Roe Jr."),
        ("AFP", "AFP"),
        ("Jane DOE", "Jane DOE"),
    ] {
        assert_eq!(names([text]), [expected]);
    }
}

#[test]
fn words_for_and_part_two_names_in_many_languages() {
    for and in [
        "and", "und", "et", "y", "e", "en", "och", "og", "ja", "sekä", "i", "oraz", "a", "és",
        "și", "и", "і", "та", "και", "ve", "dan", "và", "&", "+",
    ] {
        assert_two(&format!("Jane Doe {and} John Roe"), ["Jane Doe", "John Roe"]);
    }
    assert_two("佐藤花子、鈴木一郎", ["佐藤花子", "鈴木一郎"]);
    assert_two("佐藤花子と鈴木一郎", ["佐藤花子", "鈴木一郎"]);
    assert_two("王小明和李大华", ["王小明", "李大华"]);
    assert_two("王小明、李大华", ["王小明", "李大华"]);
    assert_two("김철수·이영희 기자", ["김철수", "이영희"]);
    assert_two("김철수와 이영희", ["김철수", "이영희"]);
    assert_two("أحمد علي ومحمد حسن", ["أحمد علي", "محمد حسن"]);
    assert_two("أحمد علي، محمد حسن", ["أحمد علي", "محمد حسن"]);
}

#[test]
fn particles_and_initials_are_parts_of_names() {
    for name in [
        "Maria e Silva",
        "José Ortega y Gasset",
        "Rob de Wit",
        "Carmen de la Cruz",
        "Jan van der Berg",
        "Omar bin Hassan",
        "Ali al-Hakim",
        "Mary E Doe",
        "Ernesto Sabato",
        "Plácido Domingo",
        "Tuesday Doe",
        "John Roe Jr.",
        "王小明",
        "أحمد علي",
    ] {
        assert_eq!(names([name]), [name]);
    }
}

#[test]
fn places_are_taken_off() {
    for text in [
        "Jane Doe in Hull",
        "Jane Doe in New York",
        "Jane Doe à Paris",
        "Jane Doe aus Berlin",
        "Jane Doe en Madrid",
        "Jane Doe em Lisboa",
        "Jane Doe i Oslo",
        "Jane Doe w Warszawie",
        "Jane Doe, Berlin",
        "Jane Doe from Rome",
        "JANE DOE IN HULL",
    ] {
        assert_eq!(names([text]), ["Jane Doe"], "{text}");
    }
    assert_two("By Jane Doe in Hull and John Roe in New York", ["Jane Doe", "John Roe"]);
}

#[test]
fn dates_times_and_counts_are_taken_off() {
    for tail in [
        "Tuesday 7 May 2024",
        "Tuesday",
        "7 May 2024",
        "May 7, 2024",
        "Updated 3:15 PM",
        "Published: 12:30",
        "2 min read",
        "Last updated May 7",
        "Dienstag, 7. Mai 2024",
        "07.05.2024 12:30 Uhr",
        "2024-05-07",
        "and 2 others",
        "and others",
        "et al.",
        "und 3 weitere",
        "et 2 autres",
        "+ 2 more",
        "5 hours ago",
    ] {
        assert_two(&format!("Jane Doe and John Roe, {tail}"), ["Jane Doe", "John Roe"]);
    }
    assert_two("Jane Doe, John Roe and 2 others", ["Jane Doe", "John Roe"]);
    assert_eq!(names(["By Jane Doe Updated 3:15 PM"]), ["Jane Doe"]);
    assert_eq!(names(["佐藤花子 外2名"]), ["佐藤花子"]);
    assert_eq!(names(["May 7, 2024 by Jane Doe"]), ["Jane Doe"]);
    assert_eq!(names(["May 7, 2024 · Jane Doe"]), ["Jane Doe"]);
}

#[test]
fn roles_are_taken_off_and_are_no_names() {
    for text in [
        "Jane Doe Political Editor",
        "Jane Doe, political editor",
        "Political correspondent Jane Doe",
        "Jane Doe, Chief Executive and Founder",
        "Reporter Jane Doe",
        "Jane Doe, Reuters",
        "Jane Doe and AFP",
    ] {
        assert_eq!(names([text]), ["Jane Doe"], "{text}");
    }
    for text in [
        "Political editor",
        "Staff Writer",
        "Reuters staff",
        "Senior Science Correspondent",
        "others",
    ] {
        assert!(names([text]).is_empty(), "{text}: {:?}", names([text]));
    }
    assert_two("Jane Doe, Political Editor and John Roe", ["Jane Doe", "John Roe"]);
}

#[test]
fn makers_of_pictures_are_no_authors() {
    for text in [
        "Photo: Jane Doe",
        "Photos by Jane Doe",
        "Foto: Jane Doe",
        "写真：佐藤花子",
        "Illustration Jane Doe",
    ] {
        assert!(names([text]).is_empty(), "{text}: {:?}", names([text]));
    }
    for text in [
        "By Jane Doe; Photos by John Roe",
        "Jane Doe, Foto: John Roe",
        "Jane Doe Photos by John Roe",
    ] {
        assert_eq!(names([text]), ["Jane Doe"], "{text}");
    }
}

#[test]
fn initials_of_a_picture_are_nobody() {
    assert_eq!(names(["JD Jane Doe"]), ["Jane Doe"]);
    assert_eq!(names(["JD", "Jane Doe"]), ["JD", "Jane Doe"], "two texts may be two people");
    assert_eq!(names(["JD, Jane Doe"]), ["Jane Doe"]);
}

#[test]
fn surnames_may_be_words_of_links() {
    assert_eq!(names(["Thomas More"]), ["Thomas More"]);
    assert_eq!(names(["Herbert Read"]), ["Herbert Read"]);
    for text in ["Read More", "Show More", "5 Min Read", "Long Read"] {
        assert!(names([text]).is_empty(), "{text}");
    }
}

#[test]
fn words_about_a_person_are_no_person() {
    assert_eq!(names(["Jane Doe Head Baker", "Jane Doe"]), ["Jane Doe"]);
    assert_eq!(names(["Jane Doe Senior Autos Reporter"]), ["Jane Doe"]);
    assert_eq!(names(["Jane Doe, Trial Attorney"]), ["Jane Doe"]);
    assert_eq!(names(["The Texas Newsroom"]), ["The Texas Newsroom"]);
    assert_eq!(names(["By Jane Doe. Reviewed by John Roe"]), ["Jane Doe"]);
}

#[test]
fn bars_part_people_from_people_and_from_sections() {
    assert_two("Jane Doe | John Roe", ["Jane Doe", "John Roe"]);
    assert_eq!(names(["Jane Doe | Politics"]), ["Jane Doe"]);
    assert_eq!(names(["March 5, 2024 | Jane Doe"]), ["Jane Doe"]);
}

proptest! {
    #[test]
    fn no_text_panics_and_names_are_bounded(text in "[A-Za-z0-9 ,;|:&+.@()'-]{0,80}|\\PC{0,40}") {
        for source in [Source::Field, Source::Shown, Source::Prose] {
            let names = names_in([text.as_str()].into_iter(), source);
            prop_assert!(names.len() <= MAX_AUTHORS);
            prop_assert!(names.iter().all(|name| name.chars().count() <= 2 * MAX_NAME_CHARS));
        }
    }
}
