//! Answers each JSON line of the input with one JSON line, in order.

use std::io::{self, BufRead, Write};
use std::num::NonZeroUsize;

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The number of lines for each thread before the output is written.
const LINES_PER_JOB: usize = 16;

/// Reads standard input, calls `answer` for each line on `jobs` threads, and writes the results.
/// A line that fails gives a line with its `id` and an `error`.
///
/// # Errors
/// Fails if standard input or output fails.
pub(crate) fn each_line<Q, A>(
    jobs: NonZeroUsize,
    answer: impl Fn(Q) -> anyhow::Result<A> + Sync,
) -> anyhow::Result<()>
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let mut lines = io::stdin().lock().lines();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let jobs = jobs.get();
    loop {
        let block = lines.by_ref().take(if jobs == 1 { 1 } else { jobs * LINES_PER_JOB });
        let block: Vec<String> = block.collect::<Result<_, _>>().context("cannot read a line")?;
        if block.is_empty() {
            return Ok(out.flush()?);
        }
        for line in answers(&block, jobs, &answer) {
            if !line.is_empty() {
                writeln!(out, "{line}").context("cannot write a line")?;
            }
        }
        out.flush()?;
    }
}

/// Returns the answers to a block of lines, in order.
fn answers<Q, A>(
    block: &[String],
    jobs: usize,
    answer: &(impl Fn(Q) -> anyhow::Result<A> + Sync),
) -> Vec<String>
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let one =
        |line: &String| if line.trim().is_empty() { String::new() } else { reply(line, answer) };
    if jobs == 1 {
        return block.iter().map(one).collect();
    }
    let share = block.len().div_ceil(jobs);
    std::thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = block
            .chunks(share)
            .map(|lines| scope.spawn(move || lines.iter().map(one).collect::<Vec<_>>()))
            .collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.flat_map(|lines| lines.expect("no line makes a thread panic")).collect()
    })
}

fn reply<Q, A>(line: &str, answer: &impl Fn(Q) -> anyhow::Result<A>) -> String
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let answered = serde_json::from_str::<Q>(line)
        .map_err(anyhow::Error::from)
        .and_then(answer)
        .and_then(|answer| Ok(serde_json::to_string(&answer)?));
    answered.unwrap_or_else(|error| {
        let id = serde_json::from_str::<Map<String, Value>>(line).ok();
        let id = id.and_then(|mut object| object.remove("id")).unwrap_or(Value::Null);
        serde_json::json!({ "id": id, "error": format!("{error:#}") }).to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "an answer takes its line")]
    fn double(line: Value) -> anyhow::Result<Value> {
        let n = line["n"].as_i64().context("n is missing")?;
        Ok(serde_json::json!({ "id": line["id"], "n": n * 2 }))
    }

    #[test]
    fn lines_stay_in_order_over_threads() {
        let block: Vec<String> = (0..97).map(|i| format!("{{\"id\":{i},\"n\":{i}}}")).collect();
        let lines = answers(&block, 4, &double);
        let expected: Vec<String> =
            (0..97).map(|i| serde_json::json!({ "id": i, "n": i * 2 }).to_string()).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_line_that_fails_says_so_under_its_id() {
        let block = ["{\"id\":\"a\"}".to_owned(), "nonsense".to_owned()];
        let lines = answers(&block, 1, &double);
        let first: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(first, serde_json::json!({ "id": "a", "error": "n is missing" }));
        let second: Value = serde_json::from_str(&lines[1]).unwrap();
        assert_eq!(second["id"], Value::Null);
        assert!(second["error"].is_string());
    }
}
