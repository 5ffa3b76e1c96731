//! Why an output is absent: the values of `Analysis::skipped`.

/// The reason, readable behind "skipped because".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Absent {
    /// Too little to tell anything from.
    #[error("the text has {letters} letters, {needed} are needed")]
    TooFewLetters {
        /// Letters in what was looked at.
        letters: usize,
        /// The least that is enough.
        needed: usize,
    },
    /// The detector hesitates between languages.
    #[error("the language is uncertain: {best} with confidence {confidence:.2}")]
    LanguageUncertain {
        /// The likeliest one, ISO 639-1.
        best: &'static str,
        /// 0 to 1.
        confidence: f64,
    },
    /// The output needs the language, which is not known.
    #[error("the language is not known")]
    LanguageUnknown,
    /// The encoder's vectors mean little in this language.
    #[error("the encoder does not cover the language {language}")]
    LanguageNotCovered {
        /// ISO 639-1.
        language: String,
    },
    /// Key phrases need stop words, and a script that separates words.
    #[error("no stop words for the language {language}")]
    NoStopWords {
        /// ISO 639-1.
        language: String,
    },
    /// Nothing stood between the stop words.
    #[error("no phrase in the text")]
    NoPhrase,
    /// The article has no vector, or one of zeros.
    #[error("the article has no vector")]
    NoVector,
    /// The topic definitions come from another encoder than the article.
    #[error("the topics were defined with {definitions}, the article was embedded with {article}")]
    OtherEncoder {
        /// The encoder of the definitions.
        definitions: String,
        /// The encoder of the article.
        article: String,
    },
    /// A head learned from texts in other languages.
    #[error("{head} learned {learned}, not {language}")]
    LanguageNotLearned {
        /// Which head.
        head: &'static str,
        /// ISO 639-1 codes, separated by commas.
        learned: String,
        /// ISO 639-1.
        language: String,
    },
    /// A head learned from another encoder's vectors.
    #[error(
        "{head} learned from the vectors of {learned}, the article was embedded with {article}"
    )]
    HeadOfOtherEncoder {
        /// Which head.
        head: &'static str,
        /// The encoder it learned from.
        learned: String,
        /// The encoder of the article.
        article: String,
    },
    /// The embedder gave no sentences.
    #[error("the article has no sentence vectors")]
    NoSentenceVectors,
    /// All sentences are too short, too long, or not prose.
    #[error("no sentence can stand for the text")]
    NoSentence,
    /// The head for names learned from other languages.
    #[error("names are not told in the language {language}")]
    NamesNotCovered {
        /// ISO 639-1.
        language: String,
    },
    /// A classifier does not cover the language.
    #[error("{classifier} covers {covered}, not {language}")]
    ClassifierLanguage {
        /// As configured.
        classifier: String,
        /// ISO 639-1 codes, separated by commas.
        covered: String,
        /// ISO 639-1.
        language: String,
    },
    /// There is nothing to classify.
    #[error("the text has no words")]
    NoWords,
    /// The embedder looked for no names.
    #[error("{0}")]
    NoEntities(String),
    /// Nothing that could compute this is loaded.
    #[error("no model configured")]
    NoModel,
}
