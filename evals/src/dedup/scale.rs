//! Measures decisions with many articles in the index. A generator with a fixed seed draws the
//! words of the articles. All texts differ, except some that are shortened and changed copies.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use courant_article::{ArticleId, CanonicalUrl, Decision, Revision};
use courant_dedup::{Ledger, NearConfig};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::report::Report;

const VOCABULARY: usize = 30_000;
const WORDS: usize = 400;
/// The number of decisions that are timed, with the index full.
const TIMED: usize = 20_000;
/// One of this many timed articles is a copy.
const COPY_EVERY: usize = 20;

pub(super) fn measure(articles: usize, report: &mut Report) -> anyhow::Result<()> {
    ensure!(articles >= 1000, "at least 1000 articles make a measurement");
    let config = NearConfig { capacity: articles + articles / 8 + TIMED, ..NearConfig::default() };
    config.validate()?;
    let before = resident_bytes()?;
    let mut ledger = Ledger::new(&config);
    for number in 0..articles {
        ledger.judge(&url(number), &text(number), Revision(1));
    }
    let resident = resident_bytes()?.saturating_sub(before) as f64;
    let index = ledger.index();
    report.state("articles in the index", index.len() as f64);
    report.state("bytes per article, the index", index.size_bytes() as f64 / articles as f64);
    report.state("bytes per article, the process with all it knows", resident / articles as f64);
    decide(&mut ledger, articles, report);
    Ok(())
}

fn decide(ledger: &mut Ledger, articles: usize, report: &mut Report) {
    let mut times = Vec::with_capacity(TIMED);
    let (mut copies, mut linked, mut distinct, mut merged) = (0, 0, 0, 0);
    for number in articles..articles + TIMED {
        let original = (number * 7919) % articles;
        let is_copy = number % COPY_EVERY == 0;
        let text = if is_copy { copy(original, number) } else { text(number) };
        let url = url(number);
        let start = Instant::now();
        let verdict = ledger.judge(&url, &text, Revision(1)).verdict;
        times.push(start.elapsed());
        if is_copy {
            copies += 1;
            linked += usize::from(verdict.of == Some(ArticleId::of(&self::url(original))));
        } else {
            distinct += 1;
            merged += usize::from(verdict.decision != Decision::New);
        }
    }
    times.sort_unstable();
    let total: Duration = times.iter().sum();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    report.state("decisions per second on one core", TIMED as f64 / total.as_secs_f64());
    report.state("decision, p50, ms", at(0.5));
    report.state("decision, p99, ms", at(0.99));
    report.state("decision, longest, ms", at(1.0));
    report.judge("copies linked to their first", share(linked, copies), 0.99, 0.999);
    report.judge("distinct texts that stay new", 1.0 - share(merged, distinct), 0.999, 1.0);
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// Returns the URL of an article at one of about 5000 publishers.
fn url(number: usize) -> CanonicalUrl {
    CanonicalUrl::from_canonical(format!("https://site{}.example/{number}", number % 5003))
}

fn text(number: usize) -> String {
    let mut rng = StdRng::seed_from_u64(number as u64);
    (0..WORDS).map(|_| word(&mut rng)).collect()
}

/// Returns a copy of the original: without its last fifth, with a notice before it, and with every
/// 25th word replaced.
fn copy(original: usize, number: usize) -> String {
    let mut rng = StdRng::seed_from_u64(u64::MAX - number as u64);
    let notice: String = (0..15).map(|_| word(&mut rng)).collect();
    let original = text(original);
    let words = original.split_inclusive(' ').take(WORDS * 4 / 5).enumerate();
    let changed =
        words.map(|(place, kept)| if place % 25 == 24 { word(&mut rng) } else { kept.to_owned() });
    notice + &changed.collect::<String>()
}

/// Draws a word. A few words are frequent, as in real texts.
fn word(rng: &mut StdRng) -> String {
    let rank = rng.random::<f64>().powi(3) * VOCABULARY as f64;
    let mut number = rank as usize + 26;
    let mut word = String::new();
    while number > 0 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word.push(' ');
    word
}

/// Returns the resident memory of the process, in bytes.
fn resident_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("needs Linux's /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("no VmRSS in /proc/self/status")?.parse::<u64>()? * 1024)
}
