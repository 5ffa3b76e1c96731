//! The analyst's additions to an article.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ModelRef, Span};

/// One of the 17 top-level IPTC Media Topics, scored by how much an article is about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// As `medtop:04000000`.
    pub code: String,
    /// The topic's English name.
    pub label: String,
    /// 0 to 1; the scores of an article add up to 1.
    pub score: f32,
}

/// The kind of thing that a name in the text names.
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

/// A name in the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// As it stands in the text.
    pub text: String,
    /// The kind of thing that it names.
    #[serde(rename = "type")]
    pub kind: EntityKind,
    /// The name's place in the text.
    #[serde(flatten)]
    pub span: Span,
    /// 0 to 1: how probable the kind is, over the whole name.
    pub score: f32,
}

/// Which way a text speaks of what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SentimentLabel {
    /// Blame, harm, loss.
    Negative,
    /// Neither, or as much of one as of the other.
    Neutral,
    /// Praise, gain, success.
    Positive,
}

/// A text's sentiment, with calibrated probabilities that add up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    /// The most probable.
    pub label: SentimentLabel,
    /// Its probability.
    pub score: f32,
    /// The probabilities of negative, neutral and positive, in this order.
    pub probabilities: [f32; 3],
}

impl SentimentLabel {
    /// All, in the order of [`Sentiment::probabilities`].
    pub const ALL: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];
}

impl Sentiment {
    /// Returns the most probable of negative, neutral and positive; the first among equals.
    pub fn of(probabilities: [f32; 3]) -> Self {
        let mut best = 0;
        for index in 1..probabilities.len() {
            if probabilities[index] > probabilities[best] {
                best = index;
            }
        }
        Self { label: SentimentLabel::ALL[best], score: probabilities[best], probabilities }
    }
}

/// A phrase of the text that says what it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyPhrase {
    /// As it stands in the text, at its first place.
    pub text: String,
    /// 0 to 1, relative to the best one of the article.
    pub score: f32,
}

/// A sentence of the text that stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummarySentence {
    /// The sentence's place in the text.
    #[serde(flatten)]
    pub span: Span,
    /// The sentence.
    pub text: String,
}

/// The analyst's findings. What it did not find is absent, never neutral.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// ISO 639-1, as detected.
    pub language: Option<String>,
    /// All 17 by falling score, or none.
    pub topics: Vec<Topic>,
    /// The sentiment of the text as a whole.
    #[serde(default)]
    pub sentiment: Option<Sentiment>,
    /// By falling score.
    #[serde(rename = "keyphrases")]
    pub key_phrases: Vec<KeyPhrase>,
    /// At most three sentences, in the text's order.
    pub summary: Vec<SummarySentence>,
    /// Names, in the text's order; of a very long text, the first ones.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// The number of names found beyond those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub entities_left_out: u32,
    /// The number of sentences of a very long text that were not looked at, behind its
    /// first ones: topics, sentiment and summary do not know them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sentences_left_out: u32,
    /// Output name to the reason why it is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<String, String>,
    /// The models that computed it.
    #[serde(default)]
    pub models: Vec<ModelRef>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A top-level IPTC Media Topic: code, English name, and a definition of ours
/// in the words that news use for it: one sentence for each of its facets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IptcTopic {
    /// As `medtop:04000000`.
    pub code: &'static str,
    /// The English name.
    pub label: &'static str,
    /// A description of what the topic covers.
    pub definition: &'static str,
}

impl IptcTopic {
    /// The sentences of the definition. Each is embedded by itself: one vector
    /// for the whole would lie between the facets and near to none of them.
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

/// The English name of a code such as `medtop:04000000`.
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
