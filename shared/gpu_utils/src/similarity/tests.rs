use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

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
    assert_eq!(found, [Scored { row: 1, score: 1.0 }]);
}
