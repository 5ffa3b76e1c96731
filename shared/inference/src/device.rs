//! What a session's runs are measured on: the arena and, on a GPU, CUDA's own
//! ledgers.

use courant_gpu_utils::cuda::CudaDevice;
use courant_gpu_utils::memory::{Arena as ArenaLedger, LedgerSample, Snapshot};
use courant_gpu_utils::operation::Device;

use crate::Error;
use crate::arena::{Arena, ArenaStats};
use crate::provider::Placement;
use crate::session::ModelSession;

/// The device of one session.
pub(crate) struct SessionDevice {
    arena: Arena,
    cuda: Option<CudaDevice>,
    resource: String,
}

impl SessionDevice {
    pub(crate) fn of(session: &ModelSession, placement: &Placement) -> Result<Self, Error> {
        let (arena, cuda) = (session.arena(placement)?, placement.cuda()?);
        Ok(Self { arena, cuda, resource: placement.resource() })
    }

    /// What the session's arena holds; `None` where the runtime does not tell.
    pub(crate) fn arena(&self) -> Option<ArenaStats> {
        self.arena.stats()
    }
}

impl Device for SessionDevice {
    type Error = Error;

    fn resource(&self) -> &str {
        &self.resource
    }

    fn snapshot(&self) -> Snapshot {
        let arena = self.arena().map(|stats| ArenaLedger {
            memory: LedgerSample { allocated: stats.in_use_bytes, reserved: stats.reserved_bytes },
            extensions: stats.extensions,
        });
        let cuda = self.cuda.as_ref().map(Device::snapshot).unwrap_or_default();
        Snapshot { arena, ..cuda }
    }

    fn synchronize(&self) -> Result<(), Error> {
        let waited = self.cuda.as_ref().map_or(Ok(()), Device::synchronize);
        waited.map_err(|error| Error::Device(error.to_string()))
    }

    /// The arena gives back where [`Step::frees_first`] asks for it.
    ///
    /// [`Step::frees_first`]: courant_gpu_utils::operation::Step::frees_first
    fn clean_up(&self) {
        if let Some(cuda) = &self.cuda {
            cuda.clean_up();
        }
    }
}
