use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::dot;

/// Every row scored by a plain sum, all sorted.
fn naive(rows: &[Vec<f32>], query: &[f32], admit: impl Fn(usize) -> bool) -> Vec<(usize, f64)> {
    let product = |row: &[f32]| -> f64 {
        // Adding 0 makes a negative zero positive, as the scan's sums are.
        row.iter().zip(query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() + 0.0
    };
    let mut scored: Vec<_> = rows
        .iter()
        .enumerate()
        .filter(|(i, _)| admit(*i))
        .map(|(i, row)| (i, product(row)))
        .collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scored
}

fn matrix_of(rows: &[Vec<f32>], dimension: usize) -> Matrix {
    let mut matrix = Matrix::new(dimension);
    for row in rows {
        matrix.push(row).unwrap();
    }
    matrix
}

/// Small integers: their sums are exact in `f32`, so that orders compare exactly.
fn rows_and_query() -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<f32>)> {
    (1_usize..50).prop_flat_map(|dimension| {
        let values = || vec((-8_i8..=8).prop_map(f32::from), dimension);
        (vec(values(), 0..40), values())
    })
}

proptest! {
    #[test]
    fn the_k_best_are_those_of_a_naive_scan((rows, query) in rows_and_query(), k in 0_usize..45, step in 1_usize..4) {
        let admit = |row: usize| row.is_multiple_of(step);
        let expected: Vec<_> = naive(&rows, &query, admit).into_iter().take(k).collect();
        let found = matrix_of(&rows, query.len()).top_k(&query, k, admit).unwrap();
        let found: Vec<_> = found.into_iter().map(|s| (s.row, f64::from(s.score))).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn dot_is_close_to_the_exact_sum(pairs in vec((-1.0_f32..1.0, -1.0_f32..1.0), 0..800)) {
        let (a, b): (Vec<f32>, Vec<f32>) = pairs.iter().copied().unzip();
        let exact: f64 = pairs.iter().map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        prop_assert!((f64::from(dot(&a, &b)) - exact).abs() < 1e-3);
    }
}

#[test]
fn a_vector_of_another_dimension_is_refused() {
    let mut matrix = Matrix::new(3);
    let refused = DimensionError { expected: 3, found: 2 };
    assert_eq!(matrix.push(&[1.0, 0.0]), Err(refused));
    assert_eq!(matrix.push(&[1.0, 0.0, 0.0]), Ok(0));
    assert_eq!(matrix.set(0, &[1.0, 0.0]), Err(refused));
    assert_eq!(matrix.top_k(&[1.0, 0.0], 1, |_| true), Err(refused));
    assert_eq!((matrix.len(), matrix.row(0)), (1, Some(vec![1.0, 0.0, 0.0])));
}

#[test]
fn a_row_can_be_overwritten() {
    let mut matrix = matrix_of(&[vec![1.0, 0.0], vec![0.0, 1.0]], 2);
    matrix.set(0, &[0.6, 0.8]).unwrap();
    let best = matrix.top_k(&[0.6, 0.8], 1, |_| true).unwrap();
    assert_eq!((best.len(), best[0].row), (1, 0));
    assert!((best[0].score - 1.0).abs() < 1e-6);
}

#[test]
fn scores_that_are_no_numbers_are_left_out() {
    let matrix = matrix_of(&[vec![f32::NAN, 0.0], vec![0.0, 1.0]], 2);
    let found = matrix.top_k(&[0.0, 1.0], 2, |_| true).unwrap();
    assert_eq!(found, [ScoredRow { row: 1, score: 1.0 }]);
}

const FORMATS: [RowFormat; 4] =
    [RowFormat::F32, RowFormat::F16, RowFormat::Int8, RowFormat::Int8WithF32];

fn matrix_in(format: RowFormat, rows: &[Vec<f32>], dimension: usize) -> Matrix {
    let mut matrix = Matrix::with_format(dimension, format);
    for row in rows {
        matrix.push(row).unwrap();
    }
    matrix
}

fn unit(values: &[f32]) -> Vec<f32> {
    let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    values.iter().map(|v| v / norm).collect()
}

/// Unit rows, several of them equal or nearly so, and queries among them.
fn near_rows() -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<Vec<f32>>)> {
    (1_usize..80).prop_flat_map(|dimension| {
        let values = || vec(-1.0_f32..1.0, dimension);
        let rows = vec((values(), 0_usize..4), 1..100).prop_map(|drawn| {
            let first = drawn[0].0.clone();
            let row = |(values, kind): &(Vec<f32>, usize)| match kind {
                0 => unit(&first),
                1 => unit(&first.iter().zip(values).map(|(a, b)| a + b * 1e-3).collect::<Vec<_>>()),
                _ => unit(values),
            };
            drawn.iter().map(row).collect()
        });
        (rows, vec(values().prop_map(|values| unit(&values)), 1..7))
    })
}

proptest! {
    #[test]
    fn codes_with_kept_rows_find_exactly_what_the_kept_rows_do((rows, queries) in near_rows(), k in 0_usize..20) {
        let coded = matrix_in(RowFormat::Int8WithF32, &rows, queries[0].len());
        let kept = matrix_in(RowFormat::F32, &rows, queries[0].len());
        for query in &queries {
            let (found, expected) = (coded.top_k(query, k, |_| true), kept.top_k(query, k, |_| true));
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn smaller_formats_score_close_to_the_exact_cosine((rows, queries) in near_rows()) {
        for (format, tolerance) in [(RowFormat::F16, 1e-3), (RowFormat::Int8, 2e-2)] {
            let matrix = matrix_in(format, &rows, queries[0].len());
            for scored in matrix.top_k(&queries[0], rows.len(), |_| true).unwrap() {
                let exact = dot(&rows[scored.row], &queries[0]);
                prop_assert!((scored.score - exact).abs() < tolerance, "{format:?}: {} for {exact}", scored.score);
            }
        }
    }
}

/// More rows than a block or a list of candidates takes, each of them equal.
#[test]
fn equal_rows_come_in_their_order_in_every_format() {
    let row = unit(&[0.3, -0.2, 0.9, 0.1]);
    for format in FORMATS {
        let matrix = matrix_in(format, &vec![row.clone(); 10_000], 4);
        let found = matrix.top_k(&row, 5, |row| row >= 100).unwrap();
        let rows: Vec<_> = found.iter().map(|scored| scored.row).collect();
        assert_eq!(rows, [100, 101, 102, 103, 104], "{format:?}");
    }
}

#[test]
fn rows_of_no_numbers_are_left_out_in_every_format() {
    let rows = [vec![f32::NAN, 0.0], vec![0.0, 1.0], vec![0.0, 0.5], vec![f32::INFINITY, 0.0]];
    for format in FORMATS {
        let found = matrix_in(format, &rows, 2).top_k(&[0.0, 1.0], 4, |_| true).unwrap();
        let rows: Vec<_> = found.iter().map(|scored| scored.row).collect();
        assert_eq!(rows, [1, 2], "{format:?}");
    }
}

#[test]
fn an_infinite_score_is_the_best_where_floats_are_kept() {
    let rows = [vec![0.0, 1.0], vec![f32::INFINITY, 0.5], vec![0.0, 0.5]];
    for format in [RowFormat::F32, RowFormat::Int8WithF32] {
        let found = matrix_in(format, &rows, 2).top_k(&[0.6, 0.8], 1, |_| true).unwrap();
        assert_eq!(found, [ScoredRow { row: 1, score: f32::INFINITY }], "{format:?}");
    }
}

#[test]
fn a_query_of_no_numbers_finds_nothing() {
    for format in FORMATS {
        let matrix = matrix_in(format, &[vec![0.0, 1.0]], 2);
        assert_eq!(matrix.top_k(&[f32::NAN, 0.0], 1, |_| true), Ok(vec![]), "{format:?}");
    }
}

#[test]
fn a_row_is_given_back_as_it_is_kept_after_it_was_overwritten() {
    for (format, tolerance) in FORMATS.into_iter().zip([0.0, 1e-3, 1e-2, 0.0]) {
        let mut matrix = matrix_in(format, &[vec![1.0, 0.0], vec![0.0, 1.0]], 2);
        matrix.set(1, &[0.6, 0.8]).unwrap();
        let row = matrix.row(1).unwrap();
        assert!((row[0] - 0.6).abs() <= tolerance && (row[1] - 0.8).abs() <= tolerance);
        assert_eq!((matrix.row(2), matrix.len()), (None, 2), "{format:?}");
        assert_eq!(matrix.top_k(&[0.6, 0.8], 1, |_| true).unwrap()[0].row, 1, "{format:?}");
    }
}
