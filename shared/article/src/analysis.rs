//! The analyst's additions to an article.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ModelRef, Span};

/// One of the 17 top-level IPTC Media Topics, scored by how much an article is about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// The code, such as `medtop:04000000`.
    pub code: String,
    /// The topic's English name.
    pub label: String,
    /// The score, 0 to 1. The scores of an article add up to 1.
    pub score: f32,
}

impl Topic {
    /// The score below which a topic says nothing: twice that which each would have if all 17 were
    /// equal.
    const LEAST_CLEAR: f32 = 2.0 / 17.0;

    /// Returns true if the article is clearly about the topic.
    pub fn is_clear(&self) -> bool {
        self.score >= Self::LEAST_CLEAR
    }
}

/// The kind of thing that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntityKind {
    /// People, real or invented.
    Person,
    /// Companies, institutions, parties, clubs, bands and other named groups.
    Organization,
    /// Countries, places, buildings and bodies of water.
    Location,
}

impl EntityKind {
    /// Returns the name of the kind in queries and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organization => "org",
            Self::Location => "place",
        }
    }
}

/// A name in the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// The name as it is written in the text.
    pub text: String,
    /// The kind of thing that the name stands for.
    #[serde(rename = "type")]
    pub kind: EntityKind,
    /// The name's place in the text.
    #[serde(flatten)]
    pub span: Span,
    /// The probability of `kind` over the whole name, 0 to 1.
    pub score: f32,
}

/// The attitude of a text towards its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SentimentLabel {
    /// Blame, harm, loss.
    Negative,
    /// Neither of the other two, or both in equal measure.
    Neutral,
    /// Praise, gain, success.
    Positive,
}

impl SentimentLabel {
    /// Returns the name of the label in queries and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
        }
    }
}

/// A text's sentiment, with calibrated probabilities that add up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    /// The most probable label.
    pub label: SentimentLabel,
    /// The probability of `label`.
    pub score: f32,
    /// The probabilities of negative, neutral and positive, in this order.
    pub probabilities: [f32; 3],
}

impl SentimentLabel {
    /// All labels, in the order of [`Sentiment::probabilities`].
    pub const ALL: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];
}

impl Sentiment {
    /// Returns the sentiment with these probabilities of negative, neutral and positive. Its label
    /// is the most probable one, and the first of equals.
    pub fn of(probabilities: [f32; 3]) -> Self {
        let mut best = 0;
        for index in 1..probabilities.len() {
            if probabilities[index] > probabilities[best] {
                best = index;
            }
        }
        Self { label: SentimentLabel::ALL[best], score: probabilities[best], probabilities }
    }

    /// Returns the probability of positive less that of negative: -1 to 1.
    pub fn polarity(&self) -> f32 {
        let [negative, _, positive] = self.probabilities;
        positive - negative
    }
}

/// A phrase of the text that says what the article is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyPhrase {
    /// The phrase as it is written at its first occurrence.
    pub text: String,
    /// The score relative to the article's best phrase, 0 to 1.
    pub score: f32,
}

/// A sentence of the text that belongs to the summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummarySentence {
    /// The sentence's place in the text.
    #[serde(flatten)]
    pub span: Span,
    /// The sentence itself.
    pub text: String,
}

/// The analyst's findings. A finding that was not made is absent, never neutral.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// The detected language, ISO 639-1.
    pub language: Option<String>,
    /// All 17 topics, the highest score first, or none.
    pub topics: Vec<Topic>,
    /// The sentiment of the text as a whole.
    #[serde(default)]
    pub sentiment: Option<Sentiment>,
    /// Key phrases, the highest score first.
    #[serde(rename = "keyphrases")]
    pub key_phrases: Vec<KeyPhrase>,
    /// The sentences of the summary, at most three, in the text's order.
    pub summary: Vec<SummarySentence>,
    /// Names, in the text's order. A very long text has only its first names here.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// The number of further names that were found.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub entities_left_out: u32,
    /// The number of sentences at the end of a very long text that were not read. Topics, sentiment
    /// and summary do not take them into account.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sentences_left_out: u32,
    /// The reason why an output is absent, by the name of the output.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<String, String>,
    /// The models that computed the findings.
    #[serde(default)]
    pub models: Vec<ModelRef>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A top-level IPTC Media Topic: its code, its English name and our own definition. The definition
/// uses the words of news and has one sentence for each facet of the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IptcTopic {
    /// The code, such as `medtop:04000000`.
    pub code: &'static str,
    /// The English name.
    pub label: &'static str,
    /// A description of what the topic covers.
    pub definition: &'static str,
}

impl IptcTopic {
    /// Returns the sentences of the definition. Each is embedded on its own. One vector for the
    /// whole definition would lie between the facets and near none of them.
    pub fn facets(&self) -> impl Iterator<Item = &'static str> {
        self.definition.split_inclusive(". ").map(str::trim_end)
    }
}

macro_rules! topics {
    ($($code:literal $label:literal $definition:literal)*) => {
        [$(IptcTopic { code: concat!("medtop:", $code), label: $label, definition: $definition }),*]
    };
}

/// The 17 top-level IPTC Media Topics (codes and names from IPTC NewsCodes).
pub const IPTC_TOPICS: [IptcTopic; 17] = topics! {
    "01000000" "arts, culture, entertainment and media"
        "Films, cinema, actors and directors. Music, songs, albums, bands and concerts. \
         Television and radio programmes and their audiences. Books, novels, authors and \
         literature. Theatre, musicals, dance and opera. Celebrities, show business and \
         entertainment awards. Art, museums, galleries and exhibitions. Newspapers, \
         broadcasters, journalists and the media."
    "02000000" "crime, law and justice"
        "Murder, robbery, theft, fraud and other crimes. Police investigate, arrest and \
         charge suspects. A court trial, the judge, the jury and the verdict. Prison \
         sentences and prisoners. Lawyers, lawsuits and court rulings."
    "03000000" "disaster, accident and emergency incident"
        "Earthquakes, floods, hurricanes, volcanoes and tsunamis. Plane, train and road \
         crashes and sinking ships. Fires, explosions and industrial accidents. Rescue \
         workers search for survivors and bring relief aid."
    "04000000" "economy, business and finance"
        "Company results, profits, sales and shareholders. Mergers, takeovers and \
         bankruptcies of firms. Stock markets, shares, bonds and investors. Economic growth, \
         recession, inflation and unemployment figures. Banks, interest rates, currencies \
         and loans. Oil prices, energy, mining and commodities. International trade, \
         exports, tariffs and manufacturers. Retailers, airlines, carmakers and consumer \
         spending."
    "05000000" "education"
        "Schools, pupils, teachers and classrooms. Universities, colleges, students and \
         tuition fees. Exams, grades, curriculum and teaching."
    "06000000" "environment"
        "Climate change, global warming and greenhouse gas emissions. Pollution of air, \
         water and soil, and waste. Conservation of nature, endangered wildlife and forests."
    "07000000" "health"
        "Diseases, infections, epidemics and vaccines. Hospitals, doctors, nurses and \
         patients. Medicines, drugs, treatments and medical trials. Diet, obesity, mental \
         health and public health."
    "08000000" "human interest"
        "Odd, funny and surprising events. Remarkable people and their achievements. Animals \
         and pets in the news. Royal families, anniversaries and ceremonies."
    "09000000" "labour"
        "Strikes and trade unions. Wages, working hours and working conditions of employees. \
         Layoffs, job cuts and workers made redundant. Pensions and retirement of employees."
    "10000000" "lifestyle and leisure"
        "Travel, tourism and holidays. Food, drink, cooking and restaurants. Fashion, beauty \
         and shopping. Homes, gardens, hobbies and pastimes."
    "11000000" "politics and government"
        "Elections, campaigns, candidates and voters. Parliament, its members, debates and \
         votes on bills. The prime minister, the president and government ministers. \
         Political parties and their leaders: Labour and Conservatives, Democrats and \
         Republicans. Government plans and policy, public spending and taxes. Diplomacy, \
         foreign policy and international relations. Ministers and members of parliament \
         criticize the government's plans. Local councils, mayors and devolved government."
    "12000000" "religion"
        "Churches, Christians, bishops and the pope. Islam, mosques, Muslims and imams. \
         Judaism, Hinduism, Buddhism and other faiths. Religious festivals, worship and \
         belief."
    "13000000" "science and technology"
        "Scientific research, scientists and discoveries. Space missions, astronomy and \
         satellites. Computers, software, operating systems and microchips. The internet, \
         websites, search engines and online services. Mobile phones, broadband, gadgets and \
         consumer electronics. Video games, consoles and the people who play and make them. \
         Computer viruses, spam, hackers and data security. Companies that develop new \
         digital technology."
    "14000000" "society"
        "Migrants, refugees and asylum seekers. Families, marriage, children and the \
         elderly. Discrimination, racism, gender equality and human rights. Poverty, \
         homelessness, welfare and charities. Population, communities and social values."
    "15000000" "sport"
        "Football clubs, players, managers and goals. Tennis, golf, cricket, rugby and \
         athletics. Matches, tournaments, championships, titles and cups. The Olympics, \
         athletes, medals and world records. Coaches, injuries, transfers and doping in \
         sport."
    "16000000" "conflict, war and peace"
        "Wars, battles, soldiers and air strikes. Terrorist attacks, bombings and \
         insurgents. Coups, riots, unrest and civil war. Ceasefires, peace talks and \
         peacekeeping forces. Weapons, the army and military bases."
    "17000000" "weather"
        "Weather forecasts, temperatures, rain and sunshine. Snow, ice, cold spells and \
         wind. Heat waves, drought and storm warnings."
};

/// Returns the English name of a code such as `medtop:04000000`.
pub fn iptc_label(code: &str) -> Option<&'static str> {
    IPTC_TOPICS.iter().find(|topic| topic.code == code).map(|topic| topic.label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_facets_that_are_whole_sentences() {
        for topic in IPTC_TOPICS {
            assert!(topic.facets().count() >= 3, "{}", topic.label);
            assert!(topic.facets().all(|facet| facet.ends_with('.') && facet.len() > 10));
            assert_eq!(topic.facets().collect::<Vec<_>>().join(" "), topic.definition);
        }
    }

    #[test]
    fn the_most_probable_label_is_told_with_its_probability() {
        let sentiment = Sentiment::of([0.2, 0.3, 0.5]);
        assert_eq!((sentiment.label, sentiment.score), (SentimentLabel::Positive, 0.5));
        assert_eq!(Sentiment::of([0.4, 0.4, 0.2]).label, SentimentLabel::Negative);
    }

    #[test]
    fn codes_are_known_by_name() {
        assert_eq!(iptc_label("medtop:15000000"), Some("sport"));
        assert_eq!(iptc_label("medtop:99000000"), None);
    }
}
