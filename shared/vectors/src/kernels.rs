//! Dot products of many rows with a query, with the best instructions that the
//! processor has.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests;

use half::f16;

/// Which kernels run. They differ in the last bits of a float's sum; those of
/// integers are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// The kernels of instructions that the processor was found to have: there is
/// no other way to one of these.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScanKernels(Instructions);

/// Calls the kernel of the instructions found.
macro_rules! dispatch {
    ($kernels:expr, $avx512:ident, $avx2:ident, $portable:ident, $args:tt) => {
        match $kernels.0 {
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the kernel needs the processor's features")]
            // SAFETY: `available` found them.
            Instructions::Avx512 => unsafe { x86::$avx512 $args },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the kernel needs the processor's features")]
            // SAFETY: `available` found them.
            Instructions::Avx2 => unsafe { x86::$avx2 $args },
            Instructions::Portable => portable::$portable $args,
        }
    };
}

impl ScanKernels {
    /// The fastest that run here.
    pub(super) fn detect() -> Self {
        let mut fastest_first = Self::available();
        fastest_first.next().expect("the portable kernels run everywhere")
    }

    /// All that run here, the fastest first.
    fn available() -> impl Iterator<Item = Self> {
        let found = [
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni"))
                .then_some(Instructions::Avx512),
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c"))
            .then_some(Instructions::Avx2),
            Some(Instructions::Portable),
        ];
        found.into_iter().flatten().map(Self)
    }

    /// The dot products of `rows`, each as long as `query`, into `scores`.
    pub(super) fn scores_f32(self, rows: &[f32], query: &[f32], scores: &mut [f32]) {
        dispatch!(self, scores_f32_512, scores_f32_256, scores_f32, (rows, query, scores));
    }

    /// Does the same as [`Self::scores_f32`] with half-precision rows.
    pub(super) fn scores_f16(self, rows: &[f16], query: &[f32], scores: &mut [f32]) {
        dispatch!(self, scores_f16_512, scores_f16_256, scores_f16, (rows, query, scores));
    }

    /// Does the same as [`Self::scores_f32`] with bytes: without a sign in the rows,
    /// with one in the query. A sum stays within 32 bits up to 65,536 values.
    pub(super) fn scores_u8(self, rows: &[u8], query: &[i8], scores: &mut [i32]) {
        dispatch!(self, scores_u8_512, scores_u8_256, scores_u8, (rows, query, scores));
    }
}

/// The dot product of two vectors of the same length; the excess of a longer one is
/// ignored.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let dimension = a.len().min(b.len());
    let mut score = [0.0];
    if dimension > 0 {
        ScanKernels::detect().scores_f32(&a[..dimension], &b[..dimension], &mut score);
    }
    score[0]
}
