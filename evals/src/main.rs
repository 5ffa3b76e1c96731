//! `courant-eval`: measures quality on real inputs. The command fails if a figure is below its "at
//! least". A figure below its "aim" is only printed.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod dedup;
mod encoder;
mod extract;
mod feeds;
mod heads;
mod language;
mod messages;
mod multilingual;
mod report;
mod retrieval;
mod urls;
mod warc;

/// Measures quality on real inputs, and fails below the goals' "at least".
#[derive(Debug, Parser)]
struct Cli {
    /// The folder with one folder per unpacked data set
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Prints each miss, too
    #[arg(long)]
    misses: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Canonical URLs: the field's lists, and no two stories merged
    Urls,
    /// Same-article pairs, candidates and decisions of the duplicate check
    Dedup(dedup::DedupArgs),
    /// Feeds, sitemaps and robots files against what other projects expect of them
    Feeds,
    /// The encoder's precisions: how well each ranks pairs of sentences
    Encoder,
    /// The speed of reading archives, beside zcat
    Warc,
    /// The main text, and whether a page is an article
    Extract,
    /// Writes the numbers of each page and its kind, to learn the trees of the verdict from
    VerdictSigns {
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Writes the numbers of each block of text and its label, to learn the trees from
    BlockSigns {
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// The names in texts that their head never saw
    Entities,
    /// Trains the head for names on the other texts, and writes its file
    TrainEntities(heads::TrainEntitiesArgs),
    /// Titles, authors and dates
    Metadata,
    /// Sentiment, topics and summaries. Embeds about 8,000 texts the first time
    Heads,
    /// The language of sentences and articles
    Language,
    /// Makes the table of languages from published statistics, and writes its file
    TrainLanguage(language::train::TrainArgs),
    /// The bytes that an article weighs in each queue
    Messages,
    /// The answers of searches, beside another search. Embeds about 3,300 texts the first time
    Retrieval(retrieval::RetrievalArgs),
    /// Learns the sentiment head from `newsmtsc` and writes its file
    TrainHeads(heads::TrainArgs),
    /// Learns topics from labelled lines, from their descriptions on
    TrainTopics(heads::TrainTopicsArgs),
    /// The answers of searches across languages, with the encoder's vectors
    AcrossLanguages(retrieval::across::AcrossArgs),
    /// Similarity, topics and sentiment that the encoder carries from one language to others
    Multilingual(multilingual::MultilingualArgs),
    /// Makes the head for topics from descriptions and examples, and writes its file
    TrainLanguages(multilingual::TrainLanguagesArgs),
    /// Prints the pages that other extractors are measured on
    Questions,
    /// Other extractors' answers, side by side
    Peers {
        /// An extractor's name and the file of its answers
        #[arg(long = "peer", value_name = "NAME=FILE", required = true)]
        peers: Vec<extract::peers::Peer>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let report = match &cli.what {
        What::Urls => urls::measure(&cli.data, cli.misses)?,
        What::Dedup(args) => dedup::run(&cli.data, args, cli.misses)?,
        What::Feeds => feeds::measure(&cli.data, cli.misses)?,
        What::Encoder => encoder::measure(&cli.data)?,
        What::Warc => warc::measure(&cli.data)?,
        What::Extract => extract::run(&cli.data, cli.misses)?,
        What::VerdictSigns { out } => {
            extract::verdict_signs(&cli.data, out)?;
            return Ok(ExitCode::SUCCESS);
        }
        What::BlockSigns { out } => {
            extract::block_signs(&cli.data, out)?;
            return Ok(ExitCode::SUCCESS);
        }
        What::Entities => heads::entities::run(&cli.data, cli.misses)?,
        What::TrainEntities(args) => heads::entities::train(&cli.data, args)?,
        What::Metadata => extract::metadata::measure(&cli.data, cli.misses)?,
        What::Heads => heads::run(&cli.data)?,
        What::Language => language::measure(&cli.data, cli.misses)?,
        What::TrainLanguage(args) => {
            println!("{} bytes", language::train::train(args)?);
            return Ok(ExitCode::SUCCESS);
        }
        What::Messages => messages::measure(&cli.data)?,
        What::Retrieval(args) => retrieval::run(&cli.data, args, cli.misses)?,
        What::TrainHeads(args) => heads::train(&cli.data, args)?,
        What::TrainTopics(args) => heads::train_topics(&cli.data, args)?,
        What::AcrossLanguages(args) => retrieval::across::run(&cli.data, args)?,
        What::Multilingual(args) => multilingual::run(&cli.data, args)?,
        What::TrainLanguages(args) => multilingual::train(&cli.data, args)?,
        What::Questions => {
            print!("{}", extract::peers::questions(&cli.data)?);
            return Ok(ExitCode::SUCCESS);
        }
        What::Peers { peers } => {
            print!("{}", extract::peers::table(&cli.data, peers)?);
            return Ok(ExitCode::SUCCESS);
        }
    };
    print!("{report}");
    Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
