//! `courant check`: checks a data folder, and saves the intact part of a damaged one.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use courant_bus::{SpoolCheck, SpoolError, SpoolRepair, check_spool, repair_spool};
use courant_proto::v1;
use courant_proto::v1::spool_client::SpoolClient;
use courant_search::{IndexCheck, Search};
use courant_store::{Config, Store, StoreCheck, StoreRepair};
use serde::Serialize;

use crate::config_args::ConfigArgs;
use crate::data::{self, DataFolder};
use crate::http;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The data folder, of a running pipeline or not
    #[arg(long, value_name = "DIR", default_value = data::DEFAULT)]
    data: PathBuf,
    /// Save what is whole of damaged files into new ones; the damaged ones are kept
    #[arg(long)]
    repair: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// The results of checking a folder.
#[derive(Debug, Serialize)]
struct FolderCheck {
    /// The result for the store; `None` if the store cannot be opened.
    store: Option<StoreCheck>,
    /// The result for the spool; `None` if the spool cannot be opened, or the process that holds it
    /// does not answer.
    spool: Option<SpoolCheck>,
    /// The result for the search index; `None` if there is none. It is made from the store.
    index: Option<IndexCheck>,
    /// The files that cannot be opened, each with the reason.
    unreadable: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<Repaired>,
}

#[derive(Debug, Default, Serialize)]
struct Repaired {
    store: Option<StoreRepair>,
    spool: Option<SpoolRepair>,
    /// True if the search index was removed. The next start makes it anew.
    index_removed: bool,
}

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let config: Config = args.config.load_quiet()?.section("store")?;
    data::check_exists(&args.data)?;
    let found = http::block_on(async {
        let mut found = look(&args.data, &config).await?;
        if args.repair && !found.is_whole() {
            found.repaired = Some(repair(&args.data, &config, &found).await?);
        }
        Ok(found)
    })?;
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        found.print();
    }
    match found.is_whole() || found.repaired.is_some() {
        true => Ok(()),
        false => bail!(
            "the data folder is damaged; stop the pipeline, then `courant check --repair --data {}`",
            args.data.display()
        ),
    }
}

async fn look(folder: &Path, config: &Config) -> anyhow::Result<FolderCheck> {
    let (store_path, path) = (data::store(folder), data::spool(folder));
    let mut unreadable = Vec::new();
    let store = Store::check_sqlite(&store_path, config).await;
    let store = store.map_err(|error| unreadable.push(told(&store_path, &error))).ok();
    let spool = tokio::task::spawn_blocking({
        let path = path.clone();
        move || check_spool(&path)
    });
    let spool = match spool.await? {
        Ok(spool) => Some(spool),
        Err(SpoolError::InUse) => ask_for_spool(folder).await?,
        Err(error) => {
            unreadable.push(told(&path, &error));
            None
        }
    };
    let index = data::index(folder);
    let index = tokio::task::spawn_blocking(move || Search::check_folder(&index)).await?;
    Ok(FolderCheck { store, spool, index, unreadable, repaired: None })
}

/// Asks the pipeline that holds the folder to check its spool; `None` if it does not answer.
async fn ask_for_spool(folder: &Path) -> anyhow::Result<Option<SpoolCheck>> {
    let Some(channel) = data::service_over_grpc(folder).await? else { return Ok(None) };
    let answer = SpoolClient::new(channel).check(v1::CheckSpoolRequest {}).await;
    let answer = answer.map_err(|status| anyhow!("{}", status.message()));
    let v1::CheckSpoolResponse { waiting, kept, problems } =
        answer.context("the running pipeline does not look through its spool")?.into_inner();
    Ok(Some(SpoolCheck { waiting, kept, problems }))
}

fn told(path: &Path, error: &dyn std::error::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Repairs the damaged files and leaves the others as they are.
async fn repair(path: &Path, config: &Config, found: &FolderCheck) -> anyhow::Result<Repaired> {
    let folder = DataFolder::hold(path)?;
    let mut repaired = Repaired::default();
    if found.store.as_ref().is_none_or(|store| !store.is_whole()) && folder.store().exists() {
        let store = Store::repair_sqlite(&folder.store(), config).await;
        repaired.store = Some(store.context("cannot repair the store")?);
    }
    if found.spool.as_ref().is_none_or(|spool| !spool.problems.is_empty())
        && folder.spool().exists()
    {
        let spool = folder.spool();
        let spool = tokio::task::spawn_blocking(move || repair_spool(&spool)).await?;
        repaired.spool = Some(spool.context("cannot repair the message spool")?);
    }
    if found.index.as_ref().is_some_and(|index| !index.problems.is_empty()) {
        std::fs::remove_dir_all(folder.index()).context("cannot remove the search index")?;
        repaired.index_removed = true;
    }
    Ok(repaired)
}

impl FolderCheck {
    fn is_whole(&self) -> bool {
        self.problems().next().is_none()
            && self.store.as_ref().is_none_or(|store| store.lost.is_empty())
    }

    fn problems(&self) -> impl Iterator<Item = &String> {
        let store = self.store.iter().flat_map(|store| &store.problems);
        let spool = self.spool.iter().flat_map(|spool| &spool.problems);
        let index = self.index.iter().flat_map(|index| &index.problems);
        self.unreadable.iter().chain(store).chain(spool).chain(index)
    }

    fn print(&self) {
        if let Some(StoreCheck { articles, open_claims, lost, .. }) = &self.store {
            outln!(
                "the store has {articles} articles; {open_claims} accepted ones are on their way"
            );
            lost.iter().for_each(|id| outln!("article {id} was stored and is not there"));
        }
        match &self.spool {
            Some(SpoolCheck { waiting, kept, .. }) => {
                outln!("the spool has {waiting} messages that wait, and keeps {kept}");
            }
            None => outln!("the spool was not looked at"),
        }
        if let Some(IndexCheck { articles, .. }) = &self.index {
            outln!("the search index finds {articles} articles");
        }
        self.problems().for_each(|problem| outln!("{problem}"));
        match &self.repaired {
            Some(repaired) => repaired.print(),
            None if self.is_whole() => outln!("nothing is wrong"),
            None => {}
        }
    }
}

impl Repaired {
    fn print(&self) {
        if self.index_removed {
            outln!("removed the search index; the next start makes it anew");
        }
        if let Some(StoreRepair { saved, lost, lost_tables, kept_at }) = &self.store {
            outln!("saved {saved} articles; the damaged store is kept at {}", kept_at.display());
            lost.iter()
                .for_each(|id| outln!("lost article {id}: it is let in when it comes again"));
            lost_tables.iter().for_each(|table| outln!("not saved as a whole: {table}"));
        }
        if let Some(SpoolRepair { saved, lost, kept_at }) = &self.spool {
            let kept = kept_at.display();
            outln!("saved {saved} messages, lost {lost}; the damaged spool is kept at {kept}");
        }
    }
}
