//! The reasons why an output is absent. They are the values of `Analysis::skipped`.

/// The reason why an output is absent. The text reads well after "skipped because".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Absent {
    /// The text has too few letters to detect its language.
    #[error("the text has {letters} letters, {needed} are needed")]
    TooFewLetters {
        /// The number of letters that were found.
        letters: usize,
        /// The least number of letters that is enough.
        needed: usize,
    },
    /// The detector is not sure enough of the language.
    #[error("the language is uncertain: {best} with confidence {confidence:.2}")]
    LanguageUncertain {
        /// The likeliest language, ISO 639-1.
        best: &'static str,
        /// The detector's confidence, 0 to 1.
        confidence: f64,
    },
    /// The output depends on the language, which is not known.
    #[error("the language is not known")]
    LanguageUnknown,
    /// The encoder's vectors are unreliable in this language.
    #[error("the encoder does not cover the language {language}")]
    LanguageNotCovered {
        /// The language, ISO 639-1.
        language: String,
    },
    /// Key phrases need stop words, and a script that separates words.
    #[error("no stop words for the language {language}")]
    NoStopWords {
        /// The language, ISO 639-1.
        language: String,
    },
    /// The text has no words other than stop words.
    #[error("no phrase in the text")]
    NoPhrase,
    /// The article has no vector, or its vector is all zeros or not finite.
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
    /// A head was trained on texts in other languages.
    #[error("{head} learned {learned}, not {language}")]
    LanguageNotLearned {
        /// The name of the head.
        head: &'static str,
        /// The languages, as ISO 639-1 codes separated by commas.
        learned: String,
        /// The language, ISO 639-1.
        language: String,
    },
    /// A head was trained on the vectors of another encoder.
    #[error(
        "{head} learned from the vectors of {learned}, the article was embedded with {article}"
    )]
    HeadOfOtherEncoder {
        /// The name of the head.
        head: &'static str,
        /// The encoder that the head was trained with.
        learned: String,
        /// The encoder of the article.
        article: String,
    },
    /// The embedder gave no sentences.
    #[error("the article has no sentence vectors")]
    NoSentenceVectors,
    /// Every sentence is too short, too long, or not prose.
    #[error("no sentence can stand for the text")]
    NoSentence,
    /// The head that finds names does not cover the language.
    #[error("names are not told in the language {language}")]
    NamesNotCovered {
        /// The language, ISO 639-1.
        language: String,
    },
    /// A classifier does not cover the language.
    #[error("{classifier} covers {covered}, not {language}")]
    ClassifierLanguage {
        /// The configured name of the classifier.
        classifier: String,
        /// The languages, as ISO 639-1 codes separated by commas.
        covered: String,
        /// The language, ISO 639-1.
        language: String,
    },
    /// The text has no words to classify.
    #[error("the text has no words")]
    NoWords,
    /// The embedder did not look for names, for the given reason.
    #[error("{0}")]
    NoEntities(String),
    /// No model that computes this output is configured.
    #[error("no model configured")]
    NoModel,
}
