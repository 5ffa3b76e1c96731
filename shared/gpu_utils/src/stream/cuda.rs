//! [`Stages`] on a CUDA device: three streams and pinned staging buffers.

#![expect(unsafe_code, reason = "memory of the CUDA driver is not initialized")]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use cudarc::driver::sys::CUevent_flags;
use cudarc::driver::{
    CudaContext, CudaSlice, CudaStream, CudaView, DeviceRepr, DriverError, HostSlice,
    PinnedHostSlice, ValidAsZeroBits,
};

use super::Stages;
use crate::memory::{Budget, Pool};
use crate::operation::Fault;

/// Why a batch was not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// The batch, or its result, does not fit a slot: nothing was queued.
    #[error("{found} values do not fit a slot of {capacity}")]
    TooLarge {
        /// Values of the batch or of its result.
        found: usize,
        /// Values that a slot holds.
        capacity: usize,
    },
    /// The device failed.
    #[error("CUDA failed: {0:?}")]
    Driver(DriverError),
}

impl From<DriverError> for StageError {
    fn from(error: DriverError) -> Self {
        Self::Driver(error)
    }
}

impl Fault for StageError {
    fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Driver(error) if error.is_out_of_memory())
    }
}

/// Launches kernels on the stream and returns how many values of the output they
/// fill. It touches the two buffers through that stream only, where cudarc orders
/// them by events, and waits for nothing.
pub trait Kernel<T, U>:
    FnMut(&Arc<CudaStream>, &CudaView<'_, T>, &mut CudaSlice<U>) -> Result<usize, DriverError>
{
}

impl<T, U, F> Kernel<T, U> for F where
    F: FnMut(&Arc<CudaStream>, &CudaView<'_, T>, &mut CudaSlice<U>) -> Result<usize, DriverError>
{
}

/// Slots on a device. Copies in, kernels and copies out each have a stream; the
/// order between them is kept by the events that cudarc records per buffer.
pub struct CudaStages<T, U, K> {
    upload: Arc<CudaStream>,
    compute: Arc<CudaStream>,
    download: Arc<CudaStream>,
    slots: Vec<Slot<T, U>>,
    kernel: K,
}

struct Slot<T, U> {
    /// Write-combined: fast for the device to read, very slow for the host.
    host_input: PinnedHostSlice<T>,
    input: CudaSlice<T>,
    output: CudaSlice<U>,
    /// Not write-combined: the host reads it.
    host_output: PinnedHostSlice<U>,
    outputs: usize,
}

impl<T, U, K> CudaStages<T, U, K>
where
    T: DeviceRepr + ValidAsZeroBits,
    U: DeviceRepr + ValidAsZeroBits,
{
    /// `slots` slots of `inputs` values in and `outputs` values out.
    ///
    /// # Errors
    /// The driver's, such as a lack of memory on device or host.
    pub fn new(
        context: &Arc<CudaContext>,
        slots: NonZeroUsize,
        inputs: usize,
        outputs: usize,
        kernel: K,
    ) -> Result<Self, DriverError> {
        let upload = context.new_stream()?;
        let (compute, download) = (context.new_stream()?, context.new_stream()?);
        let slots = (0..slots.get()).map(|_| {
            // SAFETY: `zeroed` fills both before anything reads them.
            let (host_input, host_output) = unsafe {
                (context.alloc_pinned(inputs)?, context.alloc_pinned_with_flags(outputs, 0)?)
            };
            Ok(Slot {
                host_input: zeroed(host_input)?,
                input: upload.alloc_zeros(inputs)?,
                output: compute.alloc_zeros(outputs)?,
                host_output: zeroed(host_output)?,
                outputs: 0,
            })
        });
        let slots = slots.collect::<Result<_, DriverError>>()?;
        Ok(Self { upload, compute, download, slots, kernel })
    }
}

fn zeroed<T: ValidAsZeroBits>(
    mut slice: PinnedHostSlice<T>,
) -> Result<PinnedHostSlice<T>, DriverError> {
    let len = slice.len();
    let start = slice.as_mut_ptr()?;
    // SAFETY: the slice owns `len` values from `start`, and nothing else has them.
    unsafe { start.write_bytes(0, len) };
    Ok(slice)
}

fn fits(found: usize, capacity: usize) -> Result<(), StageError> {
    if found <= capacity { Ok(()) } else { Err(StageError::TooLarge { found, capacity }) }
}

impl<T, U, K> Stages for CudaStages<T, U, K>
where
    T: DeviceRepr + ValidAsZeroBits + Copy,
    U: DeviceRepr + ValidAsZeroBits + Copy,
    K: Kernel<T, U>,
{
    type Input = Vec<T>;
    type Output = Vec<U>;
    type Error = StageError;

    fn issue(&mut self, slot: usize, input: Vec<T>) -> Result<(), StageError> {
        let slot = &mut self.slots[slot];
        let count = input.len();
        fits(count, slot.input.len())?;
        slot.host_input.as_mut_slice()?[..count].copy_from_slice(&input);
        {
            // SAFETY: used with `upload` alone; the guard records the copy's end in
            // the buffer's event, for which the next writer waits.
            let (source, _copied) = unsafe { slot.host_input.stream_synced_slice(&self.upload) };
            self.upload.memcpy_htod(&source[..count], &mut slot.input.slice_mut(..count))?;
        }
        let view = slot.input.slice(..count);
        slot.outputs = (self.kernel)(&self.compute, &view, &mut slot.output)?;
        fits(slot.outputs, slot.output.len())?;
        // SAFETY: as above, with `download`; `collect` waits for the event.
        let (target, _copied) = unsafe { slot.host_output.stream_synced_mut_slice(&self.download) };
        let outputs = slot.output.slice(..slot.outputs);
        self.download.memcpy_dtoh(&outputs, &mut target[..slot.outputs])?;
        Ok(())
    }

    fn collect(&mut self, slot: usize) -> Result<Vec<U>, StageError> {
        let slot = &self.slots[slot];
        Ok(slot.host_output.as_slice()?[..slot.outputs].to_vec())
    }
}

/// Pinned buffers that the device reads: never read them on the host.
pub fn upload_pool(
    context: &Arc<CudaContext>,
    budget: Budget,
    block_bytes: usize,
) -> Pool<PinnedHostSlice<u8>, DriverError> {
    let context = Arc::clone(context);
    Pool::new(budget, block_bytes, move |bytes| {
        // SAFETY: `zeroed` fills it before anything reads it.
        zeroed(unsafe { context.alloc_pinned(bytes) }?)
    })
}

/// The device's own time for what `launch` queues on a stream, waits included.
///
/// # Errors
/// The driver's.
pub fn device_time(
    stream: &Arc<CudaStream>,
    launch: impl FnOnce(&Arc<CudaStream>) -> Result<(), DriverError>,
) -> Result<Duration, DriverError> {
    let timed = Some(CUevent_flags::CU_EVENT_DEFAULT);
    let start = stream.record_event(timed)?;
    launch(stream)?;
    let end = stream.record_event(timed)?;
    Ok(Duration::from_secs_f32(start.elapsed_ms(&end)?.max(0.0) / 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::overlap;

    #[test]
    #[ignore = "needs a CUDA device"]
    fn batches_of_any_length_come_back_as_they_went() {
        let context = crate::cuda::open(0).unwrap();
        let copy =
            |stream: &Arc<CudaStream>, input: &CudaView<'_, f32>, output: &mut CudaSlice<f32>| {
                stream.memcpy_dtod(input, &mut output.slice_mut(..input.len()))?;
                Ok(input.len())
            };
        let slots = NonZeroUsize::new(2).unwrap();
        let mut stages = CudaStages::new(&context, slots, 1 << 16, 1 << 16, copy).unwrap();
        let batch =
            |n: usize| (0..(n * 997) % (1 << 16)).map(|i| (i + n) as f32).collect::<Vec<_>>();
        let mut outputs = Vec::new();
        let delivered = overlap(&mut stages, slots, (0..50).map(batch), |out| outputs.push(out));
        assert_eq!(delivered.unwrap(), 50);
        assert!(outputs.iter().enumerate().all(|(n, output)| *output == batch(n)));
        let too_large = stages.issue(0, vec![0.0; (1 << 16) + 1]).unwrap_err();
        assert!(matches!(too_large, StageError::TooLarge { .. }));
    }
}
