//! `courant sample`: the bundled sample news site.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use clap::Args;
use courant_config::Document;
use courant_crawler::{Report, Source};
use courant_newsstand::Newsstand;

#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// The port on loopback, 0 for any free one
    #[arg(long, value_name = "N", default_value = "8900")]
    port: u16,
}

/// Serves the sample until a signal.
pub(crate) fn run(args: &SampleArgs) -> anyhow::Result<()> {
    courant_service::block_on(std::time::Duration::from_secs(5), async |shutdown| {
        let stand = stand(Some(args.port)).await?;
        outln!("The sample publishers answer at http://{}, told apart by host:", stand.addr());
        for host in stand.hosts() {
            outln!("  http://{host}/  with /feed.xml, /news-sitemap.xml and /robots.txt");
        }
        outln!("To crawl them: courant run --sample (Ctrl-C ends this server)");
        shutdown.cancelled().await;
        stand.stop().await;
        Ok(())
    })
}

/// Opens the newsstand of the sample, on `port` or any free one.
pub(crate) async fn stand(port: Option<u16>) -> anyhow::Result<Newsstand> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
    let stand = Newsstand::start(courant_newsstand::sample(), address).await;
    stand.with_context(|| format!("cannot serve the sample on {address}"))
}

/// Returns the home pages of the sample's publishers. Maps their hosts to the newsstand, and
/// turns politeness off, which the newsstand does not need.
pub(crate) fn sources(stand: &Newsstand, document: &mut Document) -> anyhow::Result<Vec<Source>> {
    let resolve = [("*".to_owned(), stand.addr().to_string().into())];
    document.set("crawler.resolve", toml::Table::from_iter(resolve))?;
    document.set("crawler.min_delay_ms", 0)?;
    let home = |host: &String| Source::parse(&format!("http://{host}/"));
    Ok(stand.hosts().iter().map(home).collect::<Result<_, _>>()?)
}

/// A question that one article of the sample answers without using any of its words.
pub(crate) const QUERY: &str = courant_newsstand::MEANING_QUERY;

/// Adds the reports of two rounds.
pub(crate) fn add(mut first: Report, second: Report) -> Report {
    first.found += second.found;
    first.submitted += second.submitted;
    first.not_modified += second.not_modified;
    first.skipped_known += second.skipped_known;
    first.fetched += second.fetched;
    first.lists += second.lists;
    first.requests += second.requests;
    for (reason, pages) in second.refused {
        *first.refused.entry(reason).or_default() += pages;
    }
    for (reason, pages) in second.failed {
        *first.failed.entry(reason).or_default() += pages;
    }
    first.source_errors.extend(second.source_errors);
    first
}
