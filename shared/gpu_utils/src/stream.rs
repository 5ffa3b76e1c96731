//! A stream of work on a device.

use std::sync::Arc;

use cudarc::driver::{CudaStream, DriverError};

use crate::cuda::CudaDevice;

/// A stream of its own on a device. Its runs wait for each other, but not for the runs on other
/// streams. Clones share it.
#[derive(Clone, Debug)]
pub struct DeviceStream {
    stream: Arc<CudaStream>,
}

impl DeviceStream {
    /// Creates a stream on `device`.
    ///
    /// # Errors
    /// The driver's.
    pub fn new(device: &CudaDevice) -> Result<Self, DriverError> {
        Ok(Self { stream: device.context().new_stream()? })
    }

    /// Returns the driver's handle, for runtimes that queue work themselves. It is valid while
    /// a clone of this stream lives.
    pub fn handle(&self) -> *mut () {
        self.stream.cu_stream().cast()
    }

    /// Waits until all queued work is done. Returns the failures of that work.
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
        let streams = [DeviceStream::new(&device).unwrap(), DeviceStream::new(&device).unwrap()];
        assert!(!streams[0].handle().is_null());
        assert_ne!(streams[0].handle(), streams[1].handle());
        streams.iter().for_each(|stream| stream.synchronize().unwrap());
    }
}
