//! A queue of work on a device.

use std::sync::Arc;

use cudarc::driver::{CudaStream, DriverError};

use crate::cuda::CudaDevice;

/// A stream of its own on a device: runs on it wait for each other, and for nothing that
/// others queue. Clones share it.
#[derive(Clone, Debug)]
pub struct Stream {
    stream: Arc<CudaStream>,
}

impl Stream {
    /// Makes one on `device`.
    ///
    /// # Errors
    /// The driver's.
    pub fn new(device: &CudaDevice) -> Result<Self, DriverError> {
        Ok(Self { stream: device.context().new_stream()? })
    }

    /// The driver's handle, for runtimes that queue work themselves. It is valid as long
    /// as a clone of this lives.
    pub fn handle(&self) -> *mut () {
        self.stream.cu_stream().cast()
    }

    /// Waits for all that was queued on it. Failures of that work show here.
    ///
    /// # Errors
    /// The device's.
    pub fn synchronize(&self) -> Result<(), DriverError> {
        self.stream.synchronize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "needs a CUDA device"]
    fn streams_have_handles_of_their_own_and_can_be_waited_for() {
        let device = CudaDevice::new(crate::cuda::open(0).unwrap());
        let streams = [Stream::new(&device).unwrap(), Stream::new(&device).unwrap()];
        assert!(!streams[0].handle().is_null());
        assert_ne!(streams[0].handle(), streams[1].handle());
        streams.iter().for_each(|stream| stream.synchronize().unwrap());
    }
}
