//! What publishers put between and below an article's paragraphs, by the words
//! that it starts with, in the languages with most news.

/// Longer blocks are read as text, however they start.
const MAX_PROMPT_CHARS: usize = 160;
const MAX_HEADING_CHARS: usize = 60;

/// Starts of headings with links, comments or the author's life under them.
const OTHERS: &[&str] = &[
    "about the author",
    "about author",
    "also on",
    "also read",
    "author bio",
    "comments",
    "continue reading",
    "editor's picks",
    "editors' picks",
    "further reading",
    "featured articles",
    "join the conversation",
    "latest articles",
    "latest news",
    "latest posts",
    "latest stories",
    "leave a comment",
    "leave a reply",
    "like this",
    "more articles",
    "more by",
    "more from",
    "more like this",
    "more news",
    "more on this",
    "more posts",
    "more stories",
    "more to read",
    "most popular",
    "most read",
    "most viewed",
    "popular articles",
    "popular posts",
    "post a comment",
    "read also",
    "read next",
    "recent articles",
    "recent posts",
    "recommended",
    "related",
    "share this",
    "similar articles",
    "similar posts",
    "sign up",
    "subscribe to",
    "tags",
    "trending",
    "up next",
    "what to read next",
    "you may also",
    "you might also",
    "you might like",
    "das könnte",
    "kommentare",
    "mehr zum thema",
    "weitere artikel",
    "à lire aussi",
    "sur le même sujet",
    "commentaires",
    "te puede interesar",
    "noticias relacionadas",
    "lea también",
];
/// Starts of single lines that ask, lead elsewhere or say whose picture it was.
const PROMPTS: &[&str] = &[
    "advertisement",
    "also read",
    "article continues",
    "all rights reserved",
    "by continuing",
    "by submitting",
    "click here to",
    "continue reading",
    "copyright ©",
    "download our app",
    "©",
    "enter your email",
    "filed under",
    "follow us",
    "follow him on",
    "follow her on",
    "get the latest",
    "get our",
    "getty images",
    "have you read",
    "image credit",
    "image:",
    "image source",
    "image via",
    "join our",
    "last updated",
    "last modified",
    "like this:",
    "loading...",
    "more:",
    "min read",
    "originally published",
    "photo:",
    "photo by",
    "photo credit",
    "photograph:",
    "picture:",
    "posted by",
    "posted in",
    "posted on",
    "published on",
    "read also",
    "read more",
    "read next",
    "reading time",
    "related:",
    "see also:",
    "share this",
    "share on",
    "sign up",
    "skip to",
    "source: getty",
    "story continues",
    "subscribe",
    "tags:",
    "this article was",
    "thanks for reading",
    "the views expressed",
    "this post may contain affiliate",
    "updated on",
    "watch:",
    "we use cookies",
    "anzeige",
    "lesen sie auch",
    "lire aussi",
    "leia também",
];

/// Whether a block is the heading of something else than the article.
pub(super) fn opens_other(text: &str) -> bool {
    is_short(text, MAX_HEADING_CHARS) && starts(OTHERS, text)
}

/// Whether a short block is no part of the text around it.
pub(super) fn is_prompt(text: &str) -> bool {
    is_short(text, MAX_PROMPT_CHARS) && starts(PROMPTS, text)
}

fn is_short(text: &str, max_chars: usize) -> bool {
    text.len() <= max_chars * 4 && text.chars().count() <= max_chars
}

fn starts(list: &[&str], text: &str) -> bool {
    let start: String = text.chars().take(40).flat_map(char::to_lowercase).collect();
    let start = start.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '©');
    let is_end = |rest: &str| !rest.starts_with(char::is_alphanumeric);
    list.iter().any(|phrase| start.strip_prefix(phrase).is_some_and(is_end))
}
