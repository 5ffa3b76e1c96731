use proptest::prelude::*;
use tokenizers::Tokenizer;
use tokenizers::models::unigram::Unigram as ReferenceModel;
use tokenizers::normalizers::{NFC, Sequence as Normalizers};
use tokenizers::pre_tokenizers::metaspace::Metaspace;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;

use courant_article::Span;

use super::*;

const UNKNOWN: u32 = 1;
/// Pieces with their scores; the id is the place behind the two special tokens.
const PIECES: [(&str, f32); 16] = [
    ("\u{2581}", -2.0),
    ("\u{2581}a", -3.0),
    ("\u{2581}ab", -5.0),
    ("a", -4.0),
    ("b", -4.0),
    ("ab", -6.5),
    ("abb", -7.0),
    ("ba", -8.0),
    ("é", -6.0),
    ("éa", -9.0),
    ("\u{2581}é", -7.5),
    ("中", -8.0),
    ("中文", -9.0),
    ("文a", -9.5),
    ("\u{301}", -11.0),
    ("e", -5.0),
];

fn text_block(texts: &[&[u8]]) -> Vec<u8> {
    let mut end = 0;
    let ends = texts.iter().flat_map(|text| {
        end += u32::try_from(text.len()).unwrap();
        end.to_le_bytes()
    });
    ends.collect::<Vec<_>>().into_iter().chain(texts.concat()).collect()
}

fn packed(pieces: &[(&str, f32)], replaced: &[(char, &str)]) -> Vec<u8> {
    let mut sorted: Vec<(&str, f32, u32)> =
        pieces.iter().zip(2..).map(|((piece, score), id)| (*piece, *score, id)).collect();
    sorted.sort_by_key(|(piece, _, _)| *piece);
    let mut file = MAGIC.to_vec();
    let count = |length: usize| u32::try_from(length).unwrap();
    let header = [1, UNKNOWN, 1, 1, count(pieces.len()), count(replaced.len()), 0, 9];
    file.extend(
        header.iter().chain(sorted.iter().map(|(_, _, id)| id)).flat_map(|n| n.to_le_bytes()),
    );
    file.extend(sorted.iter().flat_map(|(_, score, _)| score.to_le_bytes()));
    file.extend(text_block(
        &sorted.iter().map(|(piece, _, _)| piece.as_bytes()).collect::<Vec<_>>(),
    ));
    file.extend(replaced.iter().flat_map(|(char, _)| u32::from(*char).to_le_bytes()));
    file.extend(text_block(&replaced.iter().map(|(_, text)| text.as_bytes()).collect::<Vec<_>>()));
    file
}

fn ours() -> Unigram {
    Unigram::read(&packed(&PIECES, &[])).unwrap()
}

fn reference() -> Tokenizer {
    let special = [("<s>", 0.0), ("<unk>", 0.0)];
    let vocabulary = special.iter().chain(&PIECES);
    let vocabulary = vocabulary.map(|(piece, score)| ((*piece).to_owned(), f64::from(*score)));
    let model = ReferenceModel::from(vocabulary.collect(), Some(UNKNOWN as usize), false).unwrap();
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_normalizer(Some(Normalizers::new(vec![NFC.into()]))).unwrap();
    let split = Sequence::new(vec![WhitespaceSplit.into(), Metaspace::default().into()]);
    tokenizer.with_pre_tokenizer(Some(split));
    tokenizer
}

#[test]
fn the_best_path_counts_not_the_longest_piece() {
    let tokens = ours().tokens("abb  ba");
    // ▁a bb would cost 11, ▁ab b 9, ▁ abb 9: the first of equal paths stays.
    assert_eq!(tokens.ids.len(), 4);
    assert_eq!(tokens.spans.last().unwrap().end, 7);
}

#[test]
fn unknown_characters_side_by_side_are_one_token() {
    let tokens = ours().tokens("axyz");
    assert_eq!(tokens.ids, [3, UNKNOWN]);
    assert_eq!(tokens.spans, [Span { start: 0, end: 1 }, Span { start: 1, end: 4 }]);
}

#[test]
fn places_count_code_points_of_the_text_as_it_was() {
    let tokens = ours().tokens("\u{a0}e\u{301}a 中文");
    let spans: Vec<_> = tokens.spans.iter().map(|span| (span.start, span.end)).collect();
    assert_eq!(spans, [(1, 3), (1, 4), (5, 6), (5, 7)]);
}

#[test]
fn replaced_characters_stand_where_they_stood() {
    let file = packed(&PIECES, &[('\u{7}', ""), ('\u{1a9}', "ab")]);
    let tokens = Unigram::read(&file).unwrap().tokens("\u{7}\u{1a9}");
    assert_eq!((tokens.ids, tokens.spans), (vec![4], vec![Span { start: 1, end: 2 }]));
}

#[test]
fn special_tokens_come_from_the_file_and_never_from_a_text() {
    let ours = ours();
    assert_eq!((ours.before(), ours.after()), ([0].as_slice(), [9].as_slice()));
    assert!(!ours.tokens("<s>").ids.contains(&0));
}

#[test]
fn damaged_files_are_refused() {
    let file = packed(&PIECES, &[('x', "a")]);
    for length in 0..file.len() {
        assert!(Unigram::read(&file[..length]).is_err(), "{length} bytes");
    }
    let longer = [file.as_slice(), b"x"].concat();
    assert_eq!(Unigram::read(&longer).unwrap_err(), ReadError::Longer);
    let twice = packed(&[("a", -1.0), ("a", -2.0)], &[]);
    assert_eq!(Unigram::read(&twice).unwrap_err(), ReadError::Order("pieces"));
    let infinite = packed(&[("a", f32::NAN)], &[]);
    assert_eq!(Unigram::read(&infinite).unwrap_err(), ReadError::Score);
    let mut newer = file;
    newer[8] = 2;
    assert_eq!(Unigram::read(&newer).unwrap_err(), ReadError::Version(2));
}

proptest! {
    #[test]
    fn tokens_are_those_of_the_reference(
        text in "[ab éeи中文\u{301}\u{2581}\u{3000}\n]{0,40}|\\PC{0,20}",
    ) {
        let (ours, reference) = (ours().tokens(&text), reference());
        let expected = reference.encode_char_offsets(text.as_str(), false).unwrap();
        prop_assert_eq!(&ours.ids, expected.get_ids(), "{:?}", text);
        let starts: Vec<usize> = ours.spans.iter().map(|span| span.start as usize).collect();
        let expected: Vec<usize> = expected.get_offsets().iter().map(|span| span.0).collect();
        prop_assert_eq!(starts, expected, "{:?}", text);
    }

    #[test]
    fn any_bytes_are_a_vocabulary_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let file = [MAGIC.as_slice(), &1_u32.to_le_bytes(), &bytes].concat();
        if let Ok(read) = Unigram::read(&file) {
            read.tokens("ab");
        }
    }

    #[test]
    fn spans_rise_and_stay_within_the_text(text in "[ab é中x\u{301}]{0,40}") {
        let length = u32::try_from(text.chars().count()).unwrap();
        let spans = ours().tokens(&text).spans;
        prop_assert!(spans.iter().all(|span| span.start < span.end && span.end <= length));
        prop_assert!(spans.is_sorted_by_key(|span| span.start));
        prop_assert!(spans.is_sorted_by_key(|span| span.end));
    }
}
