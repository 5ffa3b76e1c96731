//! The data folder of a pipeline in one process, and the service that holds it.

use std::net::SocketAddr;
use std::path::Path;

pub use courant_data_folder::{
    DEFAULT, DataFolder, check_exists, copy_spool, heads, index, is_read_only, or_default, spool,
    store,
};

use crate::grpc;
pub use crate::grpc::Channel;

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

/// Returns the HTTP address that the service of a data folder wrote. The next requests carry its
/// token.
pub fn noted_address(path: &Path) -> Option<SocketAddr> {
    use_token(path);
    courant_data_folder::noted_address(path)
}

/// Returns the gRPC address of the service of a data folder, as a URL. The next requests carry its
/// token.
pub(crate) fn noted_grpc_url(path: &Path) -> Option<String> {
    use_token(path);
    courant_data_folder::noted_grpc_address(path).map(|address| format!("http://{address}"))
}

/// The next requests are to the service of the folder, as one who may read it.
fn use_token(path: &Path) {
    if let Some(token) = courant_data_folder::noted_token(path) {
        courant_client::use_token(token);
    }
}
