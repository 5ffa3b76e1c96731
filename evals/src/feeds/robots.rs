//! Checks the robots.txt files of `crawler-commons` and `texting_robots`.

use std::fs;
use std::path::Path;

use anyhow::Context;
use courant_extract::sources::Robots;
use url::Url;

use super::files;
use crate::report::Report;

/// The file, the robot, the path, and true if the robot may fetch the path.
const RULINGS: [(&str, &str, &str, bool); 40] = [
    ("rfc9309-example-rule-group-merging", "ExampleBot", "/foo", false),
    ("rfc9309-example-rule-group-merging", "ExampleBot", "/baz", false),
    ("rfc9309-example-rule-group-merging", "ExampleBot", "/qux", true),
    ("rfc9309-example-rule-group-merging", "BazBot", "/foo", true),
    ("rfc9309-example-rule-group-merging", "BazBot", "/baz", false),
    ("rfc9309-example-rule-group-merging", "other", "/bar", false),
    ("rfc9309-example-longest-match-robots", "foobot", "/example/page/x", true),
    ("rfc9309-example-longest-match-robots", "foobot", "/example/page/disallowed.gif", false),
    ("rfc9309-example-simple-robots", "foobot", "/example/page.html", true),
    ("rfc9309-example-simple-robots", "foobot", "/other", false),
    ("extensions-group-merging", "mybot", "/private/x", false),
    ("extensions-group-merging", "mybot", "/login/x", false),
    ("extensions-group-merging", "yourbot", "/login/x", false),
    ("extensions-group-merging", "mybot", "/x", true),
    ("extensions-group-merging", "other", "/x", false),
    ("extensions-group-merging", "other", "/llms.txt", true),
    ("crawl-delay-group-merging", "mybot", "/private/x", false),
    ("crawl-delay-group-merging", "mybot", "/login/x", true),
    ("crawl-delay-group-merging", "yourbot", "/login/x", false),
    ("crawl-delay-group-merging", "other", "/private/x", true),
    ("directive-typos-robots", "bot1", "/desallow/", false),
    ("directive-typos-robots", "bot1", "/dissalow/", false),
    ("directive-typos-robots", "bot2", "/useragent/", false),
    ("directive-typos-robots", "bot3", "/useg-agent/", false),
    ("directive-typos-robots", "bot4", "/useragent-no-colon/", false),
    ("format-errors-robots", "bot1", "/whitespace-before-colon/", false),
    ("format-errors-robots", "bot1", "/no-colon/", false),
    ("format-errors-robots", "bot2", "/no-colon-useragent/", false),
    ("format-errors-robots", "bot3", "/whitespace-before-colon", true),
    ("format-errors-robots", "bot3", "/x", false),
    ("malformed-path", "any", "/wiki/Wikipedia_talk:Mediation_Committee/", false),
    ("malformed-path", "any", "/wiki/Other", true),
    ("merge-rules", "wget", "/foo/bar", true),
    ("merge-rules", "wget", "/tmp/bar", false),
    ("merge-rules", "curl", "/x", false),
    ("merge-rules", "other", "/foo/bar", false),
    ("precedence-of-rules", "testy", "/foo/bar", true),
    ("precedence-of-rules", "testy", "/foo", false),
    ("robots-with-utf16le-bom", "any", "/profile", false),
    ("robots-with-utf16be-bom", "any", "/profile", false),
];

pub(crate) fn measure(data: &Path, misses: bool, report: &mut Report) -> anyhow::Result<()> {
    let root = data.join("robots-sitemaps-crawler-commons/robots");
    let site = Url::parse("https://site.example")?;
    let mut met = 0;
    for (name, agent, path, expected) in RULINGS {
        let file = root.join(format!("{name}.txt"));
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let is_met = Robots::parse(&bytes, agent).allows(&site.join(path)?) == expected;
        met += usize::from(is_met);
        if misses && !is_met {
            println!(
                "MISS {name}: {agent} {path} should be {}",
                if expected { "allowed" } else { "disallowed" }
            );
        }
    }
    report.judge("crawler-commons: robots rulings", met as f64 / RULINGS.len() as f64, 1.0, 1.0);
    real_files(&data.join("robots-texting"), report)
}

/// Checks real files with URLs made from their own rules: a forbidden path without a wildcard must
/// be refused if no rule allows it.
fn real_files(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let (mut met, mut counted) = (0, 0);
    for file in
        files(folder)?.iter().filter(|file| file.extension().is_some_and(|end| end == "txt"))
    {
        let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
        let robots = Robots::parse(text.as_bytes(), "an-unnamed-robot");
        for path in forbidden_to_all(&text) {
            let Ok(url) = Url::parse("https://site.example")?.join(path) else { continue };
            counted += 1;
            met += usize::from(!robots.allows(&url));
        }
    }
    report.judge("texting: plain rules of real files", met as f64 / f64::from(counted), 1.0, 1.0);
    Ok(())
}

/// Returns the paths without wildcards that the first group for all robots forbids, if that group
/// allows nothing.
fn forbidden_to_all(text: &str) -> Vec<&str> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| {
        line.split_once(':').is_none_or(|(key, value)| {
            !key.eq_ignore_ascii_case("user-agent") || value.trim() != "*"
        })
    });
    lines.next();
    let group = lines.take_while(|line| !line.to_ascii_lowercase().starts_with("user-agent"));
    let group: Vec<&str> = group.collect();
    if group.iter().any(|line| line.to_ascii_lowercase().starts_with("allow")) {
        return Vec::new();
    }
    let values = group.iter().filter_map(|line| line.strip_prefix("Disallow:")).map(str::trim);
    values.filter(|value| value.starts_with('/') && !value.contains(['*', '$', '#', '?'])).collect()
}
