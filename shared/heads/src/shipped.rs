//! The files of the heads that come with Courant. Each is for one encoder.

/// The encoder of about 100 languages.
pub(crate) const MULTILINGUAL: &str = "multilingual-e5-small";

/// Sentiment in English, for `all-MiniLM-L6-v2`.
pub(crate) const ENGLISH_SENTIMENT: &str = include_str!("../models/news-sentiment.json");

/// Sentiment for [`MULTILINGUAL`].
pub(crate) const MULTILINGUAL_SENTIMENT: &str =
    include_str!("../models/multilingual-e5-small/news-sentiment.json");
/// Topics for [`MULTILINGUAL`].
pub(crate) const MULTILINGUAL_TOPICS: &str =
    include_str!("../models/multilingual-e5-small/iptc-topics.json");
