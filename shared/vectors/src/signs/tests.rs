use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// The sum of the query's codes where the row is positive.
fn score(query: &[f32], row: &[f32]) -> i32 {
    let greatest = query.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let code = |value: &f32| (value * (7.0 / greatest)).round() as i32;
    row.iter().zip(query).filter(|(row, _)| **row > 0.0).map(|(_, value)| code(value)).sum()
}

fn codes(dimension: usize, rows: impl IntoIterator<Item = (u32, Vec<f32>)>) -> SignCodes {
    let mut codes = SignCodes::new(dimension);
    for (number, row) in rows {
        codes.set(number, SignCodes::encode(&row).as_deref()).unwrap();
    }
    codes
}

/// Rows with numbers that have gaps, and a query.
fn rows_and_query() -> impl Strategy<Value = (Vec<(u32, Vec<f32>)>, Vec<f32>)> {
    (1_usize..140).prop_flat_map(|dimension| {
        let row = vec(-1.0_f32..1.0, dimension);
        let rows = proptest::collection::btree_map(0_u32..40_000, row.clone(), 1..200);
        (rows.prop_map(|rows| rows.into_iter().collect()), row)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn candidates_are_the_best_by_their_signs(
        (rows, query) in rows_and_query(),
        depth in 1_usize..50,
        skip in 1_usize..4,
    ) {
        let codes = codes(query.len(), rows.clone());
        let among: RowSet = rows.iter().step_by(skip).map(|(number, _)| *number).collect();
        let mut expected: Vec<_> = rows.iter().step_by(skip).collect();
        expected.sort_by_key(|(number, row)| (-score(&query, row), *number));
        let expected: Vec<u32> = expected.iter().map(|(number, _)| *number).take(depth).collect();
        prop_assert_eq!(codes.candidates(&query, depth, Some(&among), 1).unwrap(), expected);
    }

    #[test]
    fn all_kernels_give_the_same_scores((rows, query) in rows_and_query(), wanted in any::<u64>()) {
        let mut page = Page::new(query.len().div_ceil(WORD));
        for (number, (_, row)) in rows.iter().take(GROUP).enumerate() {
            page.set(number, &SignCodes::encode(row).unwrap_or_default());
        }
        let planes = QueryPlanes::new(&query).unwrap();
        for kernel in CountKernel::available() {
            let mut scores = [i32::MIN; GROUP];
            kernel.score(page.group(0), planes.words(), wanted, &mut scores);
            for (number, (_, row)) in rows.iter().take(GROUP).enumerate() {
                if wanted & (1 << number) != 0 {
                    prop_assert_eq!(scores[number], score(&query, row), "{:?}", kernel);
                }
            }
        }
    }
}

/// Vectors of two values that go around.
fn circle(rows: u32) -> impl Iterator<Item = (u32, Vec<f32>)> {
    (0..rows).map(|number| {
        let angle = number as f32 * 2.4;
        (number, (1..20).map(|value| (angle * value as f32).sin()).collect())
    })
}

#[test]
fn several_threads_find_what_one_does() {
    let codes = codes(19, circle(3 * (PAGES_PER_THREAD * PAGE_ROWS) as u32 + 100));
    let (_, query) = circle(8).last().unwrap();
    let one = codes.candidates(&query, 700, None, 1).unwrap();
    assert_eq!(one.len(), 700);
    for threads in [0, 2, 3, 100] {
        assert_eq!(codes.candidates(&query, 700, None, threads).unwrap(), one, "{threads}");
    }
}

#[test]
fn a_row_is_replaced_and_removed() {
    let mut codes = codes(2, [(5, vec![1.0, 1.0]), (700_000, vec![1.0, -1.0])]);
    let found = |codes: &SignCodes| codes.candidates(&[1.0, 0.5], 9, None, 1).unwrap();
    assert_eq!(found(&codes), [5, 700_000]);
    codes.set(5, SignCodes::encode(&[-1.0, -1.0]).as_deref()).unwrap();
    assert_eq!(found(&codes), [700_000, 5]);
    let before = codes.size_bytes();
    codes.remove(700_000);
    assert_eq!(found(&codes), [5]);
    assert!(codes.size_bytes() < before, "the page has gone");
    codes.remove(700_000);
    codes.remove(4_000_000_000);
    assert_eq!(codes.rows().len(), 1);
}

#[test]
fn a_vector_of_zeros_is_near_nothing() {
    let mut codes = codes(2, [(1, vec![0.0, 0.0]), (2, vec![1.0, 0.0]), (3, vec![0.0, -1.0])]);
    assert_eq!(codes.candidates(&[1.0, 0.0], 9, None, 1).unwrap(), [2, 3]);
    for query in [[0.0, 0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0]] {
        assert!(codes.candidates(&query, 9, None, 1).unwrap().is_empty());
    }
    codes.set(2, SignCodes::encode(&[0.0, 0.0]).as_deref()).unwrap();
    assert_eq!(codes.candidates(&[1.0, 0.0], 9, None, 1).unwrap(), [3]);
}

#[test]
fn rows_in_the_filter_that_are_not_there_are_not_found() {
    let codes = codes(1, [(1, vec![1.0])]);
    let among: RowSet = [1, 2, 64, 900_000].into_iter().collect();
    assert_eq!(codes.candidates(&[1.0], 9, Some(&among), 2).unwrap(), [1]);
    assert!(codes.candidates(&[1.0], 9, Some(&RowSet::new()), 1).unwrap().is_empty());
    assert!(codes.candidates(&[1.0], 0, None, 1).unwrap().is_empty());
    assert!(SignCodes::new(1).candidates(&[1.0], 9, None, 1).unwrap().is_empty());
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut codes = SignCodes::new(9);
    let error = codes.set(0, Some(&[0])).unwrap_err();
    assert_eq!(error, DimensionError { expected: 9, found: 8 });
    let error = codes.candidates(&[1.0], 1, None, 1).unwrap_err();
    assert_eq!(error, DimensionError { expected: 9, found: 1 });
}
