//! The data folder of a pipeline in one process, and the service that holds it.

use std::path::Path;

pub use courant_data_folder::{
    DEFAULT, DataFolder, check_exists, copy_spool, heads, index, is_read_only, noted_address,
    or_default, spool, store,
};
use tonic::transport::Channel;

use crate::grpc;

/// Connects to the service that holds a data folder, over gRPC; `None` if it does not answer.
///
/// # Errors
/// Fails if the address of the service is invalid.
pub async fn service_over_grpc(path: &Path) -> anyhow::Result<Option<Channel>> {
    match noted_grpc_url(path) {
        Some(url) => grpc::connect(&url).await,
        None => Ok(None),
    }
}

/// Returns the gRPC address of the service of a data folder, as a URL.
pub(crate) fn noted_grpc_url(path: &Path) -> Option<String> {
    courant_data_folder::noted_grpc_address(path).map(|address| format!("http://{address}"))
}
