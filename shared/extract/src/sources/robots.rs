//! robots.txt as RFC 9309 defines it, with `Crawl-delay` and `Sitemap`.
//! Written by hand: `texting_robots` has had no release since early 2024.

use std::time::Duration;

use encoding_rs::UTF_8;
use url::Url;

mod indexing;

pub use indexing::Indexing;

/// The most bytes of a robots file. RFC 9309 asks for at least 500 KiB; the rest is not read.
const MAX_ROBOTS_BYTES: usize = 512 * 1024;
const MAX_PATTERN_BYTES: usize = 2048;
const MAX_SITEMAPS: usize = 1000;
/// The longest crawl delay; longer ones are cut. A site that asks for more asks to be left alone,
/// and the crawler decides.
const MAX_CRAWL_DELAY_S: f64 = 86_400.0;

/// The rules of a site for one robot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Robots {
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
    sitemaps: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// The pattern in the form of [`normalized`]. `*` stands for any text.
    pattern: String,
    is_anchored: bool,
    is_allowed: bool,
}

impl Robots {
    /// Reads the rules in `bytes` for `user_agent`: a product token such as `courant`, or a whole
    /// user agent that starts with one.
    ///
    /// All groups that name the token count together. The groups for `*` count only if there is
    /// none. Unknown lines are ignored, so any bytes are a robots file. An empty file allows
    /// everything.
    pub fn parse(bytes: &[u8], user_agent: &str) -> Self {
        let bytes = &bytes[..bytes.len().min(MAX_ROBOTS_BYTES)];
        // A byte order mark may say UTF-16; everything else is UTF-8.
        let text = UTF_8.decode(bytes).0;
        let mut reading = Reading::new(product_token(user_agent));
        text.split(['\n', '\r'])
            .filter_map(record)
            .for_each(|(key, value)| reading.take(key, value));
        reading.finish()
    }

    /// Returns true if the robot may fetch `url`. The longest matching rule decides. The allowing
    /// rule wins if an allowing and a forbidding rule are equally long.
    pub fn allows(&self, url: &Url) -> bool {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let target = normalized(&format!("{}{query}", url.path()), Side::Url);
        if target == "/robots.txt" {
            return true;
        }
        let matching = self.rules.iter().filter(|rule| rule.matches(&target));
        matching
            .max_by_key(|rule| (rule.length(), rule.is_allowed))
            .is_none_or(|rule| rule.is_allowed)
    }

    /// Returns the pause that the site asks for between two requests.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// Returns the sitemaps that the file names, as they are written. They hold for all robots.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }
}

/// The state while a file is read. Our own group and the group for `*` have the same form.
struct Reading {
    token: String,
    own: Group,
    any: Group,
    /// True if a rule was read since the last `User-agent`. The next `User-agent` then opens a
    /// group.
    has_rules: bool,
    sitemaps: Vec<String>,
}

#[derive(Default)]
struct Group {
    is_named: bool,
    is_open: bool,
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

impl Reading {
    fn new(token: String) -> Self {
        let (own, any) = (Group::default(), Group::default());
        Self { token, own, any, has_rules: false, sitemaps: Vec::new() }
    }

    fn take(&mut self, key: Key, value: &str) {
        match key {
            Key::UserAgent => self.open_group(value),
            Key::Rule { is_allowed } => {
                self.has_rules = true;
                let rule = Rule::parse(value, is_allowed);
                self.open_groups().for_each(|group| group.rules.extend(rule.clone()));
            }
            Key::CrawlDelay => {
                let delay = parse_delay(value);
                self.open_groups()
                    .for_each(|group| group.crawl_delay = delay.or(group.crawl_delay));
            }
            Key::Sitemap if !value.is_empty() && self.sitemaps.len() < MAX_SITEMAPS => {
                self.sitemaps.push(value.to_owned());
            }
            Key::Sitemap => {}
        }
    }

    /// Opens a group. Even an empty or unknown name ends the group before it. Otherwise the rules
    /// for others would count as ours.
    fn open_group(&mut self, value: &str) {
        if std::mem::take(&mut self.has_rules) {
            self.own.is_open = false;
            self.any.is_open = false;
        }
        let token = product_token(value);
        let group = match () {
            () if value.split_whitespace().next() == Some("*") => &mut self.any,
            () if !token.is_empty() && token == self.token => &mut self.own,
            () => return,
        };
        group.is_named = true;
        group.is_open = true;
    }

    fn open_groups(&mut self) -> impl Iterator<Item = &mut Group> {
        [&mut self.own, &mut self.any].into_iter().filter(|group| group.is_open)
    }

    fn finish(self) -> Robots {
        let group = if self.own.is_named { self.own } else { self.any };
        Robots { rules: group.rules, crawl_delay: group.crawl_delay, sitemaps: self.sitemaps }
    }
}

#[derive(Clone, Copy)]
enum Key {
    UserAgent,
    Rule { is_allowed: bool },
    CrawlDelay,
    Sitemap,
}

/// Returns the key and value of a line. It accepts the spellings that other parsers accept.
fn record(line: &str) -> Option<(Key, &str)> {
    let line = line.split('#').next()?.trim();
    let (key, value) = line.split_once(':').or_else(|| line.split_once(char::is_whitespace))?;
    let key = match key.trim().to_ascii_lowercase().as_str() {
        "user-agent" | "useragent" | "user agent" | "useg-agent" | "usr-agent" => Key::UserAgent,
        "allow" => Key::Rule { is_allowed: true },
        "disallow" | "dissallow" | "dissalow" | "disalow" | "diasllow" | "disallaw"
        | "desallow" | "disallows" => Key::Rule { is_allowed: false },
        "crawl-delay" | "crawldelay" => Key::CrawlDelay,
        "sitemap" | "site-map" => Key::Sitemap,
        _ => return None,
    };
    Some((key, value.trim()))
}

/// Returns `courant` for `Courant/0.1 (+https://…)`.
fn product_token(user_agent: &str) -> String {
    let end = user_agent.find(|c: char| c.is_whitespace() || matches!(c, '/' | '(' | ';'));
    user_agent[..end.unwrap_or(user_agent.len())].to_ascii_lowercase()
}

fn parse_delay(value: &str) -> Option<Duration> {
    let seconds: f64 = value.split_whitespace().next()?.parse().ok()?;
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(MAX_CRAWL_DELAY_S)))
}

impl Rule {
    /// Parses a pattern. Returns `None` for an empty value, which means "disallow nothing". A
    /// pattern that is too long is cut if it forbids, so that it forbids more. It is dropped if it
    /// allows.
    fn parse(value: &str, is_allowed: bool) -> Option<Self> {
        let value = value.split_whitespace().next()?;
        let mut pattern = normalized(value.strip_suffix('$').unwrap_or(value), Side::Pattern);
        let mut is_anchored = value.ends_with('$');
        if pattern.len() > MAX_PATTERN_BYTES {
            if is_allowed {
                return None;
            }
            pattern.truncate(pattern.floor_char_boundary(MAX_PATTERN_BYTES));
            is_anchored = false;
        }
        if !pattern.starts_with(['/', '*']) {
            pattern.insert(0, '/');
        }
        Some(Self { pattern, is_anchored, is_allowed })
    }

    fn length(&self) -> usize {
        self.pattern.len() + usize::from(self.is_anchored)
    }

    /// Returns true if the pattern matches. Each piece between `*` is searched for after the one
    /// before it, as early as possible. The last piece of an anchored pattern must stand at the
    /// end.
    fn matches(&self, target: &str) -> bool {
        let mut pieces = self.pattern.split('*');
        let Some(mut rest) = pieces.next().and_then(|first| target.strip_prefix(first)) else {
            return false;
        };
        let pieces: Vec<&str> = pieces.collect();
        let Some((last, middle)) = pieces.split_last() else {
            return !self.is_anchored || rest.is_empty();
        };
        for piece in middle {
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        if self.is_anchored { rest.ends_with(last) } else { rest.contains(last) }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Pattern,
    Url,
}

/// Returns one spelling for all paths that mean the same. Unreserved characters stay as they are.
/// All other characters that are encoded or not ASCII become `%XX` in upper case. In a URL, `*` and
/// `$` become `%2A` and `%24`, as a pattern must write them to mean themselves.
fn normalized(text: &str, side: Side) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut bytes = text.as_bytes().iter();
    while let Some(&byte) = bytes.next() {
        let encoded = if byte == b'%' { encoded_byte(bytes.as_slice()) } else { None };
        match (encoded, byte) {
            (Some(byte), _) => {
                bytes.nth(1);
                let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
                push(&mut normal, byte, !is_unreserved);
            }
            (None, b'*') => push(&mut normal, byte, side == Side::Url),
            (None, byte) => push(&mut normal, byte, byte == b'$' || !byte.is_ascii_graphic()),
        }
    }
    normal
}

fn push(text: &mut String, byte: u8, encode: bool) {
    if encode {
        text.push_str(&format!("%{byte:02X}"));
    } else {
        text.push(char::from(byte));
    }
}

fn encoded_byte(rest: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
