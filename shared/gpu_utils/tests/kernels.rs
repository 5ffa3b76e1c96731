//! The source of each CUDA kernel, compiled for the processor and run on it.
//!
//! `kernels/cuda_on_cpu.h` stands in for CUDA's built-ins. The results are those of the
//! scans of `courant-vectors`. A device is only needed to show that NVRTC compiles the
//! same source, and how fast it is.
#![expect(unsafe_code, reason = "the compiled kernels are called through pointers")]
#![expect(clippy::unwrap_used, reason = "what builds a test's input may fail it")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr;

use courant_vectors::{Matrix, RowFormat, RowValues, ScoredRow};
use libloading::Library;

/// The threads of a block take rows in turn, so several blocks share even few rows.
const BLOCKS: usize = 3;
const FORMATS: [RowFormat; 3] = [RowFormat::F32, RowFormat::F16, RowFormat::Int8];

/// Matches `run_top_k` of `kernels/top_k.cpp`.
type RunTopK = unsafe extern "C" fn(
    format: i32,
    blocks: u32,
    backwards: bool,
    rows: *const u8,
    scales: *const f32,
    query: *const f32,
    admitted: *const u32,
    count: i32,
    groups: i32,
    k: i32,
    out_scores: *mut f32,
    out_rows: *mut i32,
) -> bool;

/// The library of one kernel source, compiled by the system's C++ compiler.
struct Compiled {
    library: Library,
    _folder: tempfile::TempDir,
}

impl Compiled {
    fn of(name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernels").join(name);
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("kernels.so");
        let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
        let mut command = Command::new(&compiler);
        command.args(["-std=c++17", "-O1", "-Wall", "-fPIC", "-shared", "-o"]);
        let done = command.arg(&library).arg(&source).output();
        let done = done.unwrap_or_else(|error| {
            panic!("the C++ compiler {compiler} does not run ({error}): install g++ or set CXX")
        });
        let messages = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{} does not compile:\n{messages}", source.display());
        // SAFETY: the library was just made of our own source, and has no initializers
        // beside those of its own variables.
        let library = unsafe { Library::new(&library) }.unwrap();
        Self { library, _folder: folder }
    }

    /// The `k` best rows as the kernel finds them, merged as the host does.
    fn top_k(&self, scan: &Scan<'_>, backwards: bool) -> Vec<ScoredRow> {
        let &Scan { matrix, query, k, admitted } = scan;
        let (format, rows, scales) = uploaded(matrix);
        let query = padded(query.iter().copied(), matrix.dimension());
        let admitted = admitted.map(|admit| bits(matrix.len(), admit));
        let mut scores = vec![f32::NAN; BLOCKS * k];
        let mut numbers = vec![-1; BLOCKS * k];
        let optional = |values: &Option<Vec<f32>>| values.as_ref().map_or(ptr::null(), Vec::as_ptr);
        // SAFETY: the signature is that of the source. The rows and the query are padded
        // to whole groups, there are as many scales and bits as rows, and both outputs
        // have room for `k` values of each block.
        let is_done = unsafe {
            let run = self.library.get::<RunTopK>("run_top_k").unwrap();
            run(
                format,
                BLOCKS as u32,
                backwards,
                rows.as_ptr(),
                optional(&scales),
                query.as_ptr(),
                admitted.as_ref().map_or(ptr::null(), Vec::as_ptr),
                matrix.len() as i32,
                matrix.dimension().div_ceil(4) as i32,
                k as i32,
                scores.as_mut_ptr(),
                numbers.as_mut_ptr(),
            )
        };
        assert!(is_done, "threads of a block wait for each other for ever");
        let found =
            scores.into_iter().zip(numbers).filter(|(_, row)| (*row as usize) < matrix.len());
        best(found.map(|(score, row)| ScoredRow { row: row as usize, score }).collect(), k)
    }
}

/// One search.
#[derive(Clone, Copy)]
struct Scan<'a> {
    matrix: &'a Matrix,
    query: &'a [f32],
    k: usize,
    admitted: Option<fn(usize) -> bool>,
}

/// The number of the format, the rows' bytes and their scales, as a device has them. The
/// bytes stand in memory that is aligned for the widest load.
fn uploaded(matrix: &Matrix) -> (i32, Aligned, Option<Vec<f32>>) {
    let dimension = matrix.dimension();
    match matrix.values() {
        RowValues::F32(values) => {
            let values = padded(values.iter().copied(), dimension);
            (0, Aligned::of(values.iter().flat_map(|value| value.to_ne_bytes())), None)
        }
        RowValues::F16(values) => {
            let values = padded(values.iter().map(|value| value.to_bits()), dimension);
            (1, Aligned::of(values.iter().flat_map(|value| value.to_ne_bytes())), None)
        }
        RowValues::Int8 { codes, scales } => {
            let codes = padded(codes.into_iter(), dimension);
            (2, Aligned::of(codes.iter().flat_map(|code| code.to_ne_bytes())), Some(scales))
        }
    }
}

/// Bytes that begin where sixteen of them can be loaded at once.
struct Aligned(Vec<u128>);

impl Aligned {
    fn of(bytes: impl Iterator<Item = u8>) -> Self {
        let bytes: Vec<u8> = bytes.collect();
        let word = |chunk: &[u8]| {
            let mut word = [0; 16];
            word[..chunk.len()].copy_from_slice(chunk);
            u128::from_ne_bytes(word)
        };
        Self(bytes.chunks(16).map(word).collect())
    }

    fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr().cast()
    }
}

/// Rows of `dimension` values, each filled with zeros to whole groups of four.
fn padded<T: Copy + Default>(values: impl Iterator<Item = T>, dimension: usize) -> Vec<T> {
    let values: Vec<T> = values.collect();
    let row = |row: &[T]| {
        let mut row = row.to_vec();
        row.resize(dimension.next_multiple_of(4), T::default());
        row
    };
    values.chunks(dimension).flat_map(row).collect()
}

/// One bit for each admitted row.
fn bits(count: usize, admit: fn(usize) -> bool) -> Vec<u32> {
    let mut bits = vec![0; count.div_ceil(32)];
    for row in (0..count).filter(|row| admit(*row)) {
        bits[row / 32] |= 1 << (row % 32);
    }
    bits
}

fn best(mut scored: Vec<ScoredRow>, k: usize) -> Vec<ScoredRow> {
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
    scored.truncate(k);
    scored
}

/// Small integers that differ, so that sums are exact in any order and many are equal.
fn vector(seed: usize, dimension: usize) -> Vec<f32> {
    (0..dimension).map(|i| ((seed * 31 + i * 17 + seed * i) % 7) as f32 - 3.0).collect()
}

fn matrix_in(format: RowFormat, rows: usize, dimension: usize) -> Matrix {
    let mut matrix = Matrix::with_format(dimension, format);
    for row in 0..rows {
        matrix.push(&vector(row, dimension)).unwrap();
    }
    matrix
}

/// The scan on the CPU. Codes are scored with a query that is not coded, as in the kernel.
fn expected(scan: &Scan<'_>) -> Vec<ScoredRow> {
    let &Scan { matrix, query, k, admitted } = scan;
    let is_admitted = |row: usize| admitted.is_none_or(|admit| admit(row));
    if matrix.format() != RowFormat::Int8 {
        return matrix.top_k(query, k, is_admitted).unwrap();
    }
    let score = |row: usize| {
        let kept = matrix.row(row).unwrap();
        kept.iter().zip(query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() as f32
    };
    let rows = (0..matrix.len()).filter(|row| is_admitted(*row));
    best(rows.map(|row| ScoredRow { row, score: score(row) }).collect(), k)
}

/// True where rows and scores agree, codes up to the rounding of their scale.
fn agree(format: RowFormat, found: &[ScoredRow], expected: &[ScoredRow]) -> bool {
    if format != RowFormat::Int8 {
        return found == expected;
    }
    let is_close = |(a, b): (&ScoredRow, &ScoredRow)| {
        (a.score - b.score).abs() <= 1e-3 * b.score.abs().max(1.0)
    };
    found.len() == expected.len() && found.iter().zip(expected).all(is_close)
}

#[test]
fn the_kernels_find_what_a_scan_on_the_cpu_finds() {
    let kernels = Compiled::of("top_k.cpp");
    let every_third: fn(usize) -> bool = |row| row.is_multiple_of(3);
    for (rows, dimension) in [(1, 1), (7, 3), (100, 130), (300, 384)] {
        for format in FORMATS {
            let matrix = matrix_in(format, rows, dimension);
            let query = vector(5, dimension);
            for (k, admitted) in [(1, None), (10, Some(every_third)), (32, None)] {
                let k = k.min(rows);
                let scan = Scan { matrix: &matrix, query: &query, k, admitted };
                let (found, expected) = (kernels.top_k(&scan, false), expected(&scan));
                let of = format!("{format:?}, {rows} rows of {dimension}, the best {k}");
                assert!(agree(format, &found, &expected), "{of}: {found:?} for {expected:?}");
                assert_eq!(kernels.top_k(&scan, true), found, "{of}: a barrier is missing");
            }
        }
    }
}

#[test]
fn a_score_that_is_no_number_is_left_out() {
    let kernels = Compiled::of("top_k.cpp");
    let mut matrix = Matrix::new(2);
    for row in [[f32::NAN, 0.0], [0.0, 1.0], [0.0, 0.5]] {
        matrix.push(&row).unwrap();
    }
    let scan = Scan { matrix: &matrix, query: &[0.0, 1.0], k: 3, admitted: None };
    let rows: Vec<_> = kernels.top_k(&scan, false).iter().map(|scored| scored.row).collect();
    assert_eq!(rows, [1, 2]);
}

/// A new source needs a file beside this one that runs it.
#[test]
fn every_source_is_run_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = stems(&folder.join("src"), "cu");
    assert!(!sources.is_empty());
    assert_eq!(sources, stems(&folder.join("tests/kernels"), "cpp"));
}

/// The names, without extension, of the files below `folder` that end with `extension`.
fn stems(folder: &Path, extension: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    let named = files.into_iter().filter(|path| path.extension().is_some_and(|it| it == extension));
    let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    let below = folders.iter().flat_map(|folder| stems(folder, extension));
    named.map(stem).chain(below).collect()
}
