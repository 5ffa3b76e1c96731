//! `courant backup`, `restore` and `copy`: the archive as a whole.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use courant_backup::{Place, back_up_file, back_up_server, check, restore};
use courant_config::Document;
use courant_store::{Access, Config, Store};
use courant_telemetry::{Clock, Meters};
use opentelemetry::metrics::Meter;

use crate::config_args::ConfigArgs;
use crate::data::{self, DataFolder};
use crate::http;

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder of the backup, which must not be there
    #[arg(long, value_name = "DIR", required_unless_present = "check")]
    to: Option<PathBuf>,
    /// Compare the files of a backup with its list, and look through its store
    #[arg(long, value_name = "DIR", conflicts_with = "to")]
    check: Option<PathBuf>,
    /// The data folder, of a running pipeline or not [default: the Postgres of store.url where that
    /// is set, else courant-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The folder of the backup
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The data folder, on which no pipeline runs
    #[arg(long, value_name = "DIR", default_value = data::DEFAULT)]
    data: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// The source: a data folder, the folder of a backup, or postgres://…
    #[arg(long, value_name = "DIR|URL")]
    from: String,
    /// The target: a data folder on which no pipeline runs, or postgres://…
    #[arg(long, value_name = "DIR|URL")]
    to: String,
    #[command(flatten)]
    config: ConfigArgs,
}

/// A command about stores, with what opening them needs.
struct Stores {
    config: Config,
    clock: Clock,
    meter: Meter,
}

impl Stores {
    fn of(document: &Document) -> anyhow::Result<Self> {
        let meter = Meters::new("courant")?.meter();
        Ok(Self { config: document.section("store")?, clock: Clock::system(), meter })
    }

    async fn open(&self, place: &Place, access: Access) -> anyhow::Result<Store> {
        Ok(place.open(access, &self.config, &self.clock, &self.meter).await?)
    }
}

pub(crate) fn backup(args: &BackupArgs) -> anyhow::Result<()> {
    let document = args.config.load_quiet()?;
    let stores = Stores::of(&document)?;
    if let Some(folder) = &args.check {
        let found = http::block_on(async { Ok(check(folder, &stores.config).await?) })?;
        outln!("the backup of {} is whole: {} articles", found.created_at, found.articles);
        return Ok(());
    }
    let to = args.to.as_deref().context("name the folder of the backup with --to")?;
    let folder = data::or_default(args.data.as_deref());
    let models = data::heads(folder);
    let made = match &stores.config.url {
        Some(url) if args.data.is_none() => http::block_on(async {
            let store = stores.open(&Place::parse(url.reveal()), Access::ReadWrite).await?;
            let Stores { config, clock, meter } = &stores;
            Ok(back_up_server(&store, config, &models, to, clock, meter).await?)
        })?,
        _ => {
            data::check_exists(folder)?;
            back_up_file(&data::store(folder), &models, to, &stores.clock)?
        }
    };
    let bytes: u64 = made.files.iter().map(|file| file.bytes).sum();
    outln!(
        "backed {} articles up to {}, {:.1} MB",
        made.articles,
        to.display(),
        bytes as f64 / 1e6
    );
    Ok(())
}

pub(crate) fn restore_backup(args: &RestoreArgs) -> anyhow::Result<()> {
    let stores = Stores::of(&args.config.load_quiet()?)?;
    let _held = DataFolder::hold(&args.data)?;
    let restoring = async {
        let Stores { config, clock, meter } = &stores;
        Ok(restore(&args.from, &args.data, config, clock, meter).await?)
    };
    let restored = http::block_on(restoring)?;
    let (articles, data) = (restored.manifest.articles, args.data.display());
    outln!("restored {} articles to {data}", articles.saturating_sub(restored.deleted_since));
    if restored.deleted_since > 0 {
        outln!("{} articles were deleted since the backup, and stay so", restored.deleted_since);
    }
    if let Some(replaced) = &restored.replaced {
        outln!(
            "the former store is kept at {}; remove it when you need it no more",
            replaced.display()
        );
    }
    Ok(())
}

pub(crate) fn copy(args: &CopyArgs) -> anyhow::Result<()> {
    let stores = Stores::of(&args.config.load_quiet()?)?;
    let (from, to) = (Place::parse(&args.from), Place::parse(&args.to));
    ensure!(from != to, "--from and --to name the same archive");
    let _held = to.folder().map(DataFolder::hold).transpose()?;
    let copying = async {
        let from = stores.open(&from, Access::ReadOnly).await?;
        let to = stores.open(&to, Access::ReadWrite).await?;
        let progress = |articles| noteln!("{articles} articles");
        let copied = courant_backup::copy(&from, &to, progress).await?;
        to.close().await?;
        Ok(copied)
    };
    let copied = http::block_on(copying)?;
    let (articles, versions, rows) = (copied.articles, copied.versions, copied.rows);
    outln!("copied {articles} articles, {versions} earlier versions and {rows} other rows");
    Ok(())
}
