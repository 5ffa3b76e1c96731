//! `courant migrate`: brings the tables of a store to the schema of this version.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use courant_store::{Config, SchemaVersions, Store};

use crate::config_args::ConfigArgs;
use crate::{data, http};

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// The data folder [default: the Postgres of store.url where that is set, else
    /// courant-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Change nothing; fail if the tables are not those of this version
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// The store to bring up to date.
enum StoreLocation {
    File(PathBuf),
    Server,
}

pub(crate) fn run(args: &MigrateArgs) -> anyhow::Result<()> {
    let config: Config = args.config.load_quiet()?.section("store")?;
    let place = place(args.data.as_deref(), &config);
    if args.check { check(&place, &config) } else { migrate(&place, &config) }
}

fn place(data: Option<&Path>, config: &Config) -> StoreLocation {
    if data.is_none() && config.url.is_some() {
        return StoreLocation::Server;
    }
    StoreLocation::File(data::store(data::or_default(data)))
}

fn check(place: &StoreLocation, config: &Config) -> anyhow::Result<()> {
    let reading = async {
        Ok(match place {
            StoreLocation::File(path) => Store::sqlite_schema(path).await,
            StoreLocation::Server => Store::postgres_schema(config).await,
        }?)
    };
    let schema = http::block_on(reading).context("cannot read the schema")?;
    outln!("{}", found(schema));
    schema.check()?;
    ensure!(!schema.is_pending(), "the store is not up to date; run `courant migrate`");
    Ok(())
}

fn migrate(place: &StoreLocation, config: &Config) -> anyhow::Result<()> {
    let migrating = async {
        Ok(match place {
            StoreLocation::File(path) => Store::migrate_sqlite(path, config).await,
            StoreLocation::Server => Store::migrate_postgres(config).await,
        }?)
    };
    let schema = http::block_on(migrating).context("cannot migrate the store")?;
    let SchemaVersions { found, known } = schema;
    if schema.is_pending() {
        outln!("migrated the store from schema version {found} to {known}");
    } else {
        outln!("the store has schema version {found} already");
    }
    Ok(())
}

fn found(SchemaVersions { found, known }: SchemaVersions) -> String {
    format!("the store has schema version {found}, this program knows {known}")
}

#[cfg(test)]
mod tests {
    use courant_config::Secret;

    use super::*;

    #[test]
    fn the_configured_server_is_meant_unless_a_folder_is_named() {
        let url = Some(Secret::new("postgres://user@host/news"));
        let server = Config { url, ..Config::default() };
        let folder = Some(Path::new("folder"));
        let file = |data, config| match place(data, config) {
            StoreLocation::File(path) => Some(path),
            StoreLocation::Server => None,
        };
        assert_eq!(file(None, &server), None);
        assert_eq!(file(folder, &server), Some("folder/courant.db".into()));
        assert_eq!(file(None, &Config::default()), Some("courant-data/courant.db".into()));
    }
}
