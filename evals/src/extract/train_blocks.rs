//! Learns the weights that decide which blocks belong to the article, by logistic regression. It
//! uses Newton's method from zero, so that every run gives the same weights.

use std::collections::HashSet;

use courant_extract::{BLOCK_SIGNS, BlockSigns};

use super::pages::{ReadPage, ReadabilityPage, TrafilaturaPage, WcxbPage};
use crate::report::Report;

const FOLDS: u64 = 5;
const STEPS: usize = 8;
/// The factor of the sum of squared weights, which keeps the weights small.
const PENALTY: f64 = 5.0;
/// The number of weights: one for each sign, and a constant.
const SIZE: usize = BLOCK_SIGNS.len() + 1;
/// The share of a block's runs of words that must be in the truth for the block to belong to it.
const TRUE_SHARE: f64 = 0.5;
const RUN: usize = 4;
/// The most words of a block that count.
const MAX_WORDS: usize = 80;
/// The weight of a piece that people chose, relative to a block that was compared.
const PIECE_WEIGHT: f64 = 4.0;

type Row = [f64; SIZE];

struct Example {
    row: Row,
    is_own: bool,
    weight: f64,
    fold: u64,
}

pub(crate) fn train(
    report: &mut Report,
    wcxb: &[WcxbPage],
    trafilatura: &[TrafilaturaPage],
    readability: &[ReadabilityPage],
) {
    let articles = wcxb.iter().filter(|page| page.page_type == "article");
    let mut examples: Vec<Example> =
        articles.flat_map(|page| compared(&page.sample, &page.text)).collect();
    examples.extend(readability.iter().flat_map(|page| compared(&page.sample, &page.text)));
    examples.extend(trafilatura.iter().flat_map(chosen));
    let (mut right, mut all) = (0.0, 0.0);
    for fold in 0..FOLDS {
        let seen: Vec<&Example> = examples.iter().filter(|example| example.fold != fold).collect();
        let weights = learnt(&seen);
        for example in examples.iter().filter(|example| example.fold == fold) {
            let says_own = product(&weights, &example.row) > 0.0;
            right += if says_own == example.is_own { example.weight } else { 0.0 };
            all += example.weight;
        }
    }
    print(&learnt(&examples.iter().collect::<Vec<_>>()));
    report.state("blocks told right by weight, hosts left out", right / all);
}

/// Returns the blocks of a page, compared with the true text.
fn compared(sample: &ReadPage, truth: &str) -> Vec<Example> {
    let words = words(truth);
    let runs: HashSet<&[String]> = words.windows(RUN).collect();
    let shorter: HashSet<&[String]> = (1..RUN).flat_map(|size| words.windows(size)).collect();
    let is_own = |text: &str| {
        let own = self::words(text);
        if own.len() < RUN {
            return shorter.contains(&own[..]);
        }
        let found = own.windows(RUN).filter(|run| runs.contains(run)).count();
        found as f64 >= (own.len() + 1 - RUN) as f64 * TRUE_SHARE
    };
    let blocks = sample.blocks().into_iter();
    blocks.map(|(text, evidence)| example(sample, &text, &evidence, is_own(&text), 1.0)).collect()
}

/// Returns the blocks of a page that contain pieces which people chose.
fn chosen(page: &TrafilaturaPage) -> Vec<Example> {
    let holds = |text: &str, pieces: &[String]| pieces.iter().any(|piece| text.contains(piece));
    let blocks = page.sample.blocks().into_iter();
    let judged = blocks.filter_map(|(text, evidence)| {
        let is_own = holds(&text, &page.with);
        let is_judged = is_own || holds(&text, &page.without);
        is_judged.then(|| example(&page.sample, &text, &evidence, is_own, PIECE_WEIGHT))
    });
    judged.collect()
}

fn example(
    sample: &ReadPage,
    text: &str,
    evidence: &BlockSigns,
    is_own: bool,
    weight: f64,
) -> Example {
    let mut row = [1.0; SIZE];
    row[..BLOCK_SIGNS.len()].copy_from_slice(evidence);
    let words = text.split_whitespace().count().clamp(1, MAX_WORDS) as f64;
    let fold = sample
        .host
        .bytes()
        .chain(sample.name.bytes().filter(|_| sample.host == "fakehost"))
        .fold(7, |hash: u64, byte| hash * 31 % 1009 + u64::from(byte))
        % FOLDS;
    Example { row, is_own, weight: weight * words.powf(0.7), fold }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn product(weights: &Row, row: &Row) -> f64 {
    weights.iter().zip(row).map(|(weight, value)| weight * value).sum()
}

fn learnt(examples: &[&Example]) -> Row {
    let all: f64 = examples.iter().map(|example| example.weight).sum();
    let mean = all / examples.len() as f64;
    let mut weights = [0.0; SIZE];
    for _ in 0..STEPS {
        let mut slope = weights.map(|weight| weight * PENALTY);
        slope[SIZE - 1] = 0.0;
        let mut curve = [[0.0; SIZE]; SIZE];
        for (at, row) in curve.iter_mut().enumerate() {
            row[at] = if at + 1 == SIZE { 1e-6 } else { PENALTY };
        }
        for Example { row, is_own, weight, .. } in examples.iter().copied() {
            let weight = weight / mean;
            let share = 1.0 / (1.0 + (-product(&weights, row)).exp());
            let error = weight * (share - f64::from(u8::from(*is_own)));
            let bend = weight * share * (1.0 - share);
            for (at, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                slope[at] += error * value;
                let part = bend * value;
                for (sum, other) in curve[at][..=at].iter_mut().zip(row) {
                    *sum += part * other;
                }
            }
        }
        let step = solved(curve, slope);
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight -= step;
        }
    }
    weights
}

/// Solves a linear system by Cholesky's method. The lower half gives the symmetric matrix.
fn solved(mut matrix: [Row; SIZE], mut right: Row) -> Row {
    for column in 0..SIZE {
        for row in column..SIZE {
            let known: f64 = (0..column).map(|at| matrix[row][at] * matrix[column][at]).sum();
            let rest = matrix[row][column] - known;
            matrix[row][column] =
                if row == column { rest.max(1e-12).sqrt() } else { rest / matrix[column][column] };
        }
    }
    for row in 0..SIZE {
        let known: f64 = (0..row).map(|at| matrix[row][at] * right[at]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    for row in (0..SIZE).rev() {
        let known: f64 = (row + 1..SIZE).map(|at| matrix[at][row] * right[at]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

fn print(weights: &Row) {
    println!("//! Learnt by `courant-eval train-blocks`, which prints this file.\n");
    println!("pub(super) const BIAS: f64 = {:.3};", weights[SIZE - 1]);
    println!("pub(super) const WEIGHTS: [(&str, f64); {}] = [", BLOCK_SIGNS.len());
    for (name, weight) in BLOCK_SIGNS.iter().zip(weights) {
        println!("    ({name:?}, {weight:.3}),");
    }
    println!("];");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_of_equations_is_solved() {
        let mut matrix = [[0.0; SIZE]; SIZE];
        for (at, row) in matrix.iter_mut().enumerate() {
            row[at] = 2.0;
        }
        matrix[1][0] = 1.0; // 2a + b = 4, a + 2b = 5
        let mut right = [0.0; SIZE];
        (right[0], right[1], right[2]) = (4.0, 5.0, 6.0);
        let solution = solved(matrix, right);
        for (found, expected) in solution.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-9, "{solution:?}");
        }
    }
}
