//! Answers each JSON line of the input with one JSON line, in order.

use std::io::{self, BufRead, Write};
use std::num::NonZeroUsize;

use anyhow::{Context, anyhow};
use courant_config::in_plain_words;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::output;

/// The number of lines for each thread before the output is written.
const LINES_PER_JOB: usize = 16;

/// Reads standard input, calls `answer` for each line on `jobs` threads, and writes the results.
/// A line that fails gives a line with its `id`, the `line`'s number and an `error`.
///
/// # Errors
/// Fails if standard input fails.
pub(crate) fn each_line<Q, A>(
    jobs: NonZeroUsize,
    answer: impl Fn(Q) -> anyhow::Result<A> + Sync,
) -> anyhow::Result<()>
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let mut lines = (1..).zip(io::stdin().lock().lines());
    let mut out = output::lines();
    let jobs = jobs.get();
    loop {
        let block = lines.by_ref().take(if jobs == 1 { 1 } else { jobs * LINES_PER_JOB });
        let block = block.map(numbered).collect::<anyhow::Result<Vec<_>>>()?;
        if block.is_empty() {
            return Ok(out.flush()?);
        }
        for line in answers(&block, jobs, &answer) {
            if !line.is_empty() {
                writeln!(out, "{line}")?;
            }
        }
        out.flush()?;
    }
}

/// A line of the input with its number, from 1.
type NumberedLine = (u64, String);

/// Returns a line that was read.
///
/// # Errors
/// Names the line that cannot be read, for example because it is not UTF-8.
pub(crate) fn numbered((number, line): (u64, io::Result<String>)) -> anyhow::Result<NumberedLine> {
    Ok((number, line.with_context(|| format!("cannot read line {number} of standard input"))?))
}

/// Returns the answers to a block of lines, in order.
fn answers<Q, A>(
    block: &[NumberedLine],
    jobs: usize,
    answer: &(impl Fn(Q) -> anyhow::Result<A> + Sync),
) -> Vec<String>
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let one = |(number, line): &NumberedLine| match line.trim() {
        "" => String::new(),
        line => reply(*number, line, answer),
    };
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

fn reply<Q, A>(number: u64, line: &str, answer: &impl Fn(Q) -> anyhow::Result<A>) -> String
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let answered = serde_json::from_str::<Q>(line)
        .map_err(|error| wrong(&error))
        .and_then(answer)
        .and_then(|answer| Ok(serde_json::to_string(&answer)?));
    answered.unwrap_or_else(|error| {
        let id = serde_json::from_str::<Map<String, Value>>(line).ok();
        let id = id.and_then(|mut object| object.remove("id")).unwrap_or(Value::Null);
        let error = format!("line {number}: {error:#}");
        serde_json::json!({ "id": id, "line": number, "error": error }).to_string()
    })
}

/// Says why a line cannot be read. Its parser sees one line, so only the column is told.
fn wrong(error: &serde_json::Error) -> anyhow::Error {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    let message = in_plain_words(message.strip_suffix(&place).unwrap_or(&message));
    match error.is_data() {
        true => anyhow!("{message}"),
        false => anyhow!("not JSON at column {}: {message}", error.column()),
    }
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
        let block: Vec<_> = (0..97).map(|i| (i, format!("{{\"id\":{i},\"n\":{i}}}"))).collect();
        let lines = answers(&block, 4, &double);
        let expected: Vec<String> =
            (0..97).map(|i| serde_json::json!({ "id": i, "n": i * 2 }).to_string()).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_line_that_fails_says_so_under_its_id() {
        let block = [(7, "{\"id\":\"a\"}".to_owned()), (8, "nonsense".to_owned())];
        let lines = answers(&block, 1, &double);
        let first: Value = serde_json::from_str(&lines[0]).unwrap();
        let said = "line 7: n is missing";
        assert_eq!(first, serde_json::json!({ "id": "a", "line": 7, "error": said }));
        let second: Value = serde_json::from_str(&lines[1]).unwrap();
        assert_eq!(second["id"], Value::Null);
        let said = second["error"].as_str().unwrap();
        assert!(said.starts_with("line 8: not JSON at column 2"), "{said}");
    }
}
