//! The ledgers of a session's device: the arena and, on a GPU, CUDA's own.

use courant_gpu_utils::cuda::CudaDevice;
use courant_gpu_utils::memory::{ArenaSample, LedgerSample, MemorySnapshot};
use courant_gpu_utils::operation::RunDevice;
use courant_gpu_utils::stream::DeviceStream;

use crate::Error;
use crate::device::arena::{ArenaStats, SessionArena};
use crate::device::placement::ModelPlacement;
use crate::session::ModelSession;

/// The device of one session.
pub(crate) struct SessionDevice {
    arena: SessionArena,
    cuda: Option<CudaDevice>,
    /// Behind the arena, which keeps the session that computes on it.
    stream: Option<DeviceStream>,
    resource: String,
}

impl SessionDevice {
    pub(crate) fn of(session: &ModelSession, placement: &ModelPlacement) -> Result<Self, Error> {
        Ok(Self {
            arena: session.arena(placement)?,
            cuda: placement.cuda()?,
            stream: session.stream().cloned(),
            resource: placement.resource(),
        })
    }

    /// The figures of the session's arena; `None` if the runtime does not tell them.
    pub(crate) fn arena(&self) -> Option<ArenaStats> {
        self.arena.stats()
    }
}

impl RunDevice for SessionDevice {
    type Error = Error;

    fn resource(&self) -> &str {
        &self.resource
    }

    fn snapshot(&self) -> MemorySnapshot {
        let arena = self.arena().map(|stats| ArenaSample {
            memory: LedgerSample { allocated: stats.in_use_bytes, reserved: stats.reserved_bytes },
            extensions: stats.extensions,
        });
        let cuda = self.cuda.as_ref().map(RunDevice::snapshot).unwrap_or_default();
        MemorySnapshot { arena, ..cuda }
    }

    /// Waits for the session's own stream: what other sessions have queued does not count.
    fn synchronize(&self) -> Result<(), Error> {
        Ok(self.stream.as_ref().map_or(Ok(()), DeviceStream::synchronize)?)
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
