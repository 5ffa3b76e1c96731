//! The publishers that the tests crawl.

use std::path::PathBuf;

use anyhow::Context;
use courant_newsstand::{Newsstand, Site};

/// Names a folder with the pages of the data set `fundus-publishers`.
const PAGES: &str = "COURANT_E2E_PAGES";

/// Returns true if the tests run on real pages, which `make e2e` unpacks and names in
/// `COURANT_E2E_PAGES`. Otherwise they run on the bundled sample.
pub fn is_full() -> bool {
    std::env::var_os(PAGES).is_some()
}

/// Set by `make e2e`: then the tests that kill crawl every page, not the third part.
const KILL_ALL: &str = "COURANT_E2E_KILL_ALL";

/// A running newsstand.
pub struct Publishers {
    /// The server, with its log and its faults.
    pub stand: Newsstand,
    /// Articles that it serves, not counting home pages and feeds.
    pub pages: usize,
}

impl Publishers {
    /// Opens the newsstand of the real pages where they are at hand, else of the sample.
    ///
    /// # Errors
    /// If the pages cannot be read.
    pub async fn open() -> anyhow::Result<Self> {
        match is_full() {
            true => Self::serve(real_sites()?).await,
            false => Self::sample().await,
        }
    }

    /// Opens the newsstand for tests that kill what crawls it, and so crawl it several times:
    /// with every third publisher, unless `make e2e` asks for all.
    ///
    /// # Errors
    /// If the pages cannot be read.
    pub async fn to_kill() -> anyhow::Result<Self> {
        if !is_full() || std::env::var_os(KILL_ALL).is_some() {
            return Self::open().await;
        }
        Self::serve(real_sites()?.into_iter().step_by(3).collect()).await
    }

    /// Opens the newsstand of the sample.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn sample() -> anyhow::Result<Self> {
        Self::serve(courant_newsstand::sample()).await
    }

    async fn serve(sites: Vec<Site>) -> anyhow::Result<Self> {
        let pages = sites.iter().map(|site| site.pages.len()).sum();
        let stand = Newsstand::start(sites, ([127, 0, 0, 1], 0).into()).await?;
        Ok(Self { stand, pages })
    }

    /// The crawler's section of a configuration that reads them all.
    pub fn configuration(&self) -> String {
        let sources: Vec<_> =
            self.stand.hosts().iter().map(|host| format!("\"http://{host}/\"")).collect();
        format!(
            "[crawler]\nsources = [{}]\nresolve = {{ \"*\" = \"{}\" }}\nmin_delay_ms = 0\n",
            sources.join(", "),
            self.stand.addr()
        )
    }
}

fn real_sites() -> anyhow::Result<Vec<Site>> {
    let folder = PathBuf::from(std::env::var_os(PAGES).unwrap_or_default());
    let sites = courant_newsstand::fundus(&folder);
    sites.with_context(|| format!("cannot read the pages in {}", folder.display()))
}
