use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Rows and a query of small integers: every kernel's sums are exact.
fn integers() -> impl Strategy<Value = (Vec<i8>, Vec<i8>)> {
    (1_usize..150, 1_usize..11).prop_flat_map(|(dimension, rows)| {
        let values = |count: usize| vec(-8_i8..=8, count * dimension);
        (values(rows), values(1))
    })
}

proptest! {
    #[test]
    fn all_kernels_give_the_exact_sums((rows, query) in integers()) {
        let product = |row: &[i8]| {
            row.iter().zip(&query).map(|(a, b)| i32::from(a + 8) * i32::from(*b)).sum()
        };
        let exact: Vec<i32> = rows.chunks(query.len()).map(product).collect();
        let floats: Vec<f32> = rows.iter().map(|value| f32::from(value + 8)).collect();
        let halves: Vec<f16> = floats.iter().copied().map(f16::from_f32).collect();
        let bytes: Vec<u8> = rows.iter().map(|value| (value + 8) as u8).collect();
        let float_query: Vec<f32> = query.iter().copied().map(f32::from).collect();
        let expected: Vec<f32> = exact.iter().map(|score| *score as f32).collect();
        for kernels in ScanKernels::available() {
            let mut scores = vec![f32::NAN; exact.len()];
            kernels.scores_f32(&floats, &float_query, &mut scores);
            prop_assert_eq!(&scores, &expected, "f32, {:?}", kernels);
            scores.fill(f32::NAN);
            kernels.scores_f16(&halves, &float_query, &mut scores);
            prop_assert_eq!(&scores, &expected, "f16, {:?}", kernels);
            let mut sums = vec![0; exact.len()];
            kernels.scores_u8(&bytes, &query, &mut sums);
            prop_assert_eq!(&sums, &exact, "u8, {:?}", kernels);
        }
    }

    #[test]
    fn a_row_scores_the_same_in_a_tile_as_alone(
        values in vec(-1.0_f32..1.0, 6 * 70),
        dimension in 1_usize..70,
    ) {
        let (rows, query) = (&values[..5 * dimension], &values[5 * 70..5 * 70 + dimension]);
        for kernels in ScanKernels::available() {
            let mut together = [0.0; 5];
            kernels.scores_f32(rows, query, &mut together);
            for (row, score) in rows.chunks(dimension).zip(together) {
                let mut alone = [0.0];
                kernels.scores_f32(row, query, &mut alone);
                prop_assert_eq!(score.to_bits(), alone[0].to_bits());
            }
        }
    }
}

#[test]
fn the_longest_row_of_bytes_does_not_overflow() {
    let (row, query) = (vec![255_u8; 65_536], vec![-128_i8 + 1; 65_536]);
    for kernels in ScanKernels::available() {
        let mut sums = [0];
        kernels.scores_u8(&row, &query, &mut sums);
        assert_eq!(sums, [-255 * 127 * 65_536], "{kernels:?}");
    }
}
