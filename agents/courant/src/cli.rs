//! Parses the command line and calls the module of each command.

use std::path::Path;

use clap::{Parser, Subcommand};
use courant_credentials::commands::{AuditArgs, PeopleArgs, TokenArgs};

use crate::{
    admin, archive, ask, check, config, data, dead_letters, delete, doctor, feeds, http, index,
    ingest, mcp, migrate, models, publish, run, sample, sources, tools,
};

/// The world's news, de-duplicated, analyzed and searchable as it is published.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole pipeline in one process
    #[command(
        after_help = "Example:\n  courant run --once https://example.com/feed.xml feeds.opml"
    )]
    Run(run::RunArgs),
    /// Serve the bundled sample news site on loopback
    #[command(after_help = "Example:\n  courant sample --port 8900")]
    Sample(sample::SampleArgs),
    /// Submit articles without crawling on
    #[command(after_help = "Example:\n  courant ingest articles.jsonl\n  \
        courant ingest articles.jsonl --to nats://127.0.0.1:4222")]
    Ingest(ingest::IngestArgs),
    /// Submit one article
    #[command(after_help = "Example:\n  \
        courant publish --url https://example.com/a --title \"Harbour reopens\" article.txt")]
    Publish(publish::PublishArgs),
    /// Search the stored articles, or list the newest
    #[command(after_help = "Example:\n  courant search \"ship runs aground\" -k 5 --json\n  \
        courant search 'measles site:example.com date:P7D' --sort newest")]
    Search(ask::SearchArgs),
    /// Count articles by their properties, and by time
    #[command(after_help = "Example:\n  courant count 'measles lang:en' --interval day")]
    Count(ask::CountArgs),
    /// Show the articles most like one
    #[command(after_help = "Example:\n  courant related 0f115db062b7c0dd030b16878c99dea5")]
    Related(ask::RelatedArgs),
    /// Show one article
    #[command(after_help = "Example:\n  courant article 0f115db062b7c0dd030b16878c99dea5 --json")]
    Article(ask::ArticleArgs),
    /// Delete articles with all that is derived from them, so that they do not come back
    #[command(after_help = "Example:\n  courant delete 0f115db062b7c0dd030b16878c99dea5\n  \
        courant delete --query 'site:example.com' --dry-run")]
    Delete(delete::DeleteArgs),
    /// Back an archive up while it is filled, or check a backup
    #[command(after_help = "Example:\n  courant backup --to backup-2026-11-30\n  \
        courant backup --check backup-2026-11-30")]
    Backup(archive::BackupArgs),
    /// Restore a backup into a data folder
    #[command(after_help = "Example:\n  courant restore --from backup-2026-11-30")]
    Restore(archive::RestoreArgs),
    /// Copy an archive between a data folder and Postgres
    #[command(
        after_help = "Example:\n  courant copy --from courant-data --to postgres://user@host/courant"
    )]
    Copy(archive::CopyArgs),
    /// Copy a search index
    Index(index::IndexArgs),
    /// Tell why an article was let in, called a copy, or refused
    #[command(after_help = "Example:\n  courant decisions https://example.com/a")]
    Decisions(ask::DecisionArgs),
    /// Show queues, rates, models and pressure of a running service
    #[command(after_help = "Example:\n  courant status --json")]
    Status(ask::StatusArgs),
    /// Show the feeds that are followed, or write them as OPML
    #[command(after_help = "Example:\n  courant feeds --opml > feeds.opml")]
    Feeds(feeds::FeedsArgs),
    /// List, add, pause, resume, check, remove and tag the sources of a running service
    #[command(
        after_help = "Example:\n  courant sources add https://example.com/feed.xml --tag local"
    )]
    Sources(sources::SourcesArgs),
    /// Extract articles from HTML pages
    #[command(after_help = "Example:\n  courant extract page.html --url https://example.com/a\n  \
        echo '{\"id\":1,\"url\":\"https://example.com/a\",\"html_path\":\"page.html\"}' | courant extract --jsonl")]
    Extract(tools::extract::ExtractArgs),
    /// Print the canonical form of each URL on standard input
    #[command(
        after_help = "Example:\n  echo 'https://Example.com:443/a?utm_source=x' | courant canonicalize"
    )]
    Canonicalize,
    /// Say of each URL on standard input whether a robots.txt allows it
    #[command(
        after_help = "Example:\n  echo https://example.com/a | courant robots --user-agent courant robots.txt"
    )]
    Robots(tools::robots::RobotsArgs),
    /// Print any feed as JSON
    #[command(after_help = "Example:\n  courant feed feed.xml --base-url https://example.com/")]
    Feed(tools::feed::FeedArgs),
    /// Decide which of the articles on standard input repeat earlier ones
    #[command(after_help = "Example:\n  courant dedup < articles.jsonl")]
    Dedup(tools::dedup::DedupArgs),
    /// Embed the texts on standard input
    #[command(
        after_help = "Example:\n  echo '{\"id\":1,\"text\":\"Rain is expected.\"}' | courant embed"
    )]
    Embed(tools::embed::EmbedArgs),
    /// Analyze the articles on standard input
    #[command(
        after_help = "Example:\n  echo '{\"id\":1,\"title\":\"Rain\",\"text\":\"…\"}' | courant analyze"
    )]
    Analyze(tools::analyze::AnalyzeArgs),
    /// Steer an agent over gRPC: status, pause, resume, drain, log-level
    #[command(after_help = "Example:\n  courant admin crawler pause")]
    Admin(admin::AdminArgs),
    /// List, show, replay and drop what could not be handled
    #[command(after_help = "Example:\n  courant dlq replay 17")]
    Dlq(dead_letters::DeadLetterArgs),
    /// Print every key of the configuration with its default, values and effect
    #[command(after_help = "Example:\n  courant config > configuration.md")]
    Config,
    /// Bring the tables of a store up to date, or say whether they are
    #[command(after_help = "Example:\n  courant migrate --check --data courant-data")]
    Migrate(migrate::MigrateArgs),
    /// Look through a data folder, and repair it
    #[command(after_help = "Example:\n  courant check --repair --data courant-data")]
    Check(check::CheckArgs),
    /// Check this machine and the configuration
    #[command(after_help = "Example:\n  courant doctor --config courant.toml")]
    Doctor(doctor::DoctorArgs),
    /// List, pull, verify, train, evaluate and promote models
    #[command(after_help = "Example:\n  courant models list\n  \
        courant models train sentiment --data labelled.jsonl")]
    Models(models::ModelsArgs),
    /// Create, list, revoke and rotate the tokens of programs
    #[command(after_help = "Example:\n  courant token create --scope search,read --expires 90d")]
    Token(TokenArgs),
    /// Create, list and remove the accounts of people
    #[command(after_help = "Example:\n  courant people create ann --role editor < password.txt")]
    People(PeopleArgs),
    /// Show the changes: who did what, with which result
    #[command(after_help = "Example:\n  courant audit --json")]
    Audit(AuditArgs),
    /// Serve the stored articles to a language model over standard input and output
    #[command(after_help = "Example:\n  courant mcp --data courant-data")]
    Mcp(mcp::McpArgs),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails if the command fails.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Run(args) => run::run(&args),
            Command::Sample(args) => sample::run(&args),
            Command::Ingest(args) => ingest::run(&args),
            Command::Publish(args) => publish::run(&args),
            Command::Search(args) => ask::search(&args),
            Command::Count(args) => ask::count(&args),
            Command::Related(args) => ask::related(&args),
            Command::Article(args) => ask::article(&args),
            Command::Backup(args) => archive::backup(&args),
            Command::Restore(args) => archive::restore_backup(&args),
            Command::Copy(args) => archive::copy(&args),
            Command::Delete(args) => delete::run(&args),
            Command::Index(args) => index::run(&args),
            Command::Decisions(args) => ask::decisions(&args),
            Command::Status(args) => ask::status(&args),
            Command::Feeds(args) => feeds::run(&args),
            Command::Sources(args) => sources::run(&args),
            Command::Extract(args) => tools::extract::run(&args),
            Command::Canonicalize => tools::canonicalize::run(),
            Command::Robots(args) => tools::robots::run(&args),
            Command::Feed(args) => tools::feed::run(&args),
            Command::Dedup(args) => tools::dedup::run(&args),
            Command::Embed(args) => tools::embed::run(&args),
            Command::Analyze(args) => tools::analyze::run(&args),
            Command::Admin(args) => admin::run(&args),
            Command::Dlq(args) => dead_letters::run(&args),
            Command::Config => {
                config::run();
                Ok(())
            }
            Command::Migrate(args) => migrate::run(&args),
            Command::Check(args) => check::run(&args),
            Command::Doctor(args) => doctor::run(&args),
            Command::Models(args) => models::run(&args),
            Command::Token(args) => printed(args.run(Path::new(data::DEFAULT))),
            Command::People(args) => printed(args.run(Path::new(data::DEFAULT))),
            Command::Audit(args) => printed(args.run(Path::new(data::DEFAULT))),
            Command::Mcp(args) => mcp::run(&args),
        }
    }
}

/// Prints the lines of a command on credentials.
fn printed(run: impl Future<Output = anyhow::Result<String>>) -> anyhow::Result<()> {
    out!("{}", http::block_on(run)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use courant_service::usage_error;

    use super::Cli;

    fn told(arguments: &[&str]) -> String {
        let arguments = [&["courant"], arguments].concat();
        usage_error("courant", &Cli::try_parse_from(arguments).unwrap_err())
    }

    #[test]
    fn a_misused_command_says_what_is_wrong_in_two_lines() {
        for (arguments, wrong) in [
            (&["related"][..], "not provided: <ID>"),
            (&["serach", "rain"], "unrecognized subcommand 'serach'; some similar"),
            (&["search", "rain", "--kk", "3"], "unexpected argument '--kk' found"),
            (&["search", "rain", "--mode", "txt"], "[possible values: hybrid, vector, text]"),
            (&["search", "rain", "-k", "many"], "'many' for '-k <N>': not a whole number"),
            (&["embed", "--jobs", "0"], "less than 1"),
            (&["extract", "a.html", "--url", "a.html"], "write it as https://example.com/a"),
            (&["admin", "printer", "status"], "crawler"),
        ] {
            let told = told(arguments);
            assert!(told.starts_with("courant: ") && told.contains(wrong), "{told}");
            assert!(told.lines().count() <= 2 && told.contains("--help"), "{told}");
            assert!(!told.contains("error:"), "{told}");
        }
    }
}
