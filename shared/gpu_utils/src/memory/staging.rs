//! Host buffers for the inputs and outputs of a session. For a device they are page-locked, so
//! that the device copies them while the processor continues. For the CPU they are ordinary
//! memory.

#![expect(unsafe_code, reason = "bytes are read as numbers, and the driver's are not initialized")]

use std::marker::PhantomData;

use cudarc::driver::{DriverError, PinnedHostSlice};

use super::{Budget, BufferPool, PoolError, PooledBuffer};
use crate::cuda::CudaDevice;
use crate::operation::RunFailure;

/// Buffers are multiples of this: the inputs of a batch of usual size fit into one each.
const BLOCK_BYTES: usize = 64 << 10;

/// The reason why there is no buffer.
pub type StagingError = PoolError<DriverError>;

impl RunFailure for StagingError {
    fn is_out_of_memory(&self) -> bool {
        match self {
            Self::Exhausted(_) => true,
            Self::Allocate { source, .. } => source.is_out_of_memory(),
        }
    }
}

/// Memory on the host, aligned for every [`Number`], all of it initialized.
enum HostBuffer {
    Ordinary(Vec<u64>),
    Pinned(PinnedHostSlice<u8>),
}

impl HostBuffer {
    fn ordinary(bytes: usize) -> Self {
        Self::Ordinary(vec![0; bytes.div_ceil(size_of::<u64>())])
    }

    /// Waits for copies of the driver from or to it.
    fn start(&self) -> Result<*const u8, DriverError> {
        match self {
            Self::Ordinary(words) => Ok(words.as_ptr().cast()),
            Self::Pinned(bytes) => bytes.as_ptr(),
        }
    }

    fn start_mut(&mut self) -> Result<*mut u8, DriverError> {
        match self {
            Self::Ordinary(words) => Ok(words.as_mut_ptr().cast()),
            Self::Pinned(bytes) => bytes.as_mut_ptr(),
        }
    }
}

/// A number type for which any bytes are a valid value.
///
/// # Safety
/// Any bytes must be a valid value, and the alignment must be at most that of `u64`.
pub unsafe trait Number: Copy {}

// SAFETY: any eight bytes are a value.
unsafe impl Number for i64 {}
// SAFETY: any four bytes are a value.
unsafe impl Number for f32 {}

/// The pools of one session.
pub struct Staging {
    inputs: BufferPool<HostBuffer, DriverError>,
    outputs: BufferPool<HostBuffer, DriverError>,
}

impl Staging {
    /// The most bytes of all buffers, in use or idle, for inputs and outputs each.
    pub const BUDGET_BYTES: u64 = 1_000_000_000;

    /// Makes pools of ordinary memory, for sessions on the CPU.
    pub fn ordinary() -> Self {
        let pool = || {
            let allocate = |bytes| Ok(HostBuffer::ordinary(bytes));
            BufferPool::new(Budget::new(Self::BUDGET_BYTES), BLOCK_BYTES, allocate)
        };
        Self { inputs: pool(), outputs: pool() }
    }

    /// Makes pools of page-locked memory for `device`.
    pub fn pinned(device: &CudaDevice) -> Self {
        let pool = || {
            let context = device.context().clone();
            let allocate = move |bytes| {
                // SAFETY: all of it is written below, before anything reads it. No flag:
                // write-combined memory is very slow to read, and outputs are read here.
                let mut slice = unsafe { context.alloc_pinned_with_flags::<u8>(bytes, 0) }?;
                let (start, len) = (slice.as_mut_ptr()?, slice.len());
                // SAFETY: the slice owns `len` bytes from `start`, and nothing else has them.
                unsafe { start.write_bytes(0, len) };
                Ok(HostBuffer::Pinned(slice))
            };
            BufferPool::new(Budget::new(Self::BUDGET_BYTES), BLOCK_BYTES, allocate)
        };
        Self { inputs: pool(), outputs: pool() }
    }

    /// Returns a buffer for `count` numbers that a device reads. Its content is arbitrary.
    ///
    /// # Errors
    /// [`StagingError`] if memory is short.
    pub fn input<T: Number>(&self, count: usize) -> Result<Staged<T>, StagingError> {
        Staged::of(&self.inputs, count)
    }

    /// Returns a buffer for `count` numbers that a device writes. Its content is arbitrary.
    ///
    /// # Errors
    /// [`StagingError`] if memory is short.
    pub fn output<T: Number>(&self, count: usize) -> Result<Staged<T>, StagingError> {
        Staged::of(&self.outputs, count)
    }

    /// Frees the idle buffers.
    pub fn collect(&self) {
        self.inputs.collect();
        self.outputs.collect();
    }

    /// Returns the bytes of all buffers, in use or idle.
    pub fn reserved_bytes(&self) -> u64 {
        self.inputs.budget().reserved() + self.outputs.budget().reserved()
    }
}

/// Numbers in a buffer, which returns to its pool when this is dropped.
#[derive(Debug)]
pub struct Staged<T> {
    block: PooledBuffer<HostBuffer, DriverError>,
    count: usize,
    numbers: PhantomData<T>,
}

impl<T: Number> Staged<T> {
    fn of(pool: &BufferPool<HostBuffer, DriverError>, count: usize) -> Result<Self, StagingError> {
        let block = pool.take(count.saturating_mul(size_of::<T>()))?;
        Ok(Self { block, count, numbers: PhantomData })
    }

    /// The numbers.
    ///
    /// # Errors
    /// A device error, if earlier work on the device failed.
    pub fn as_slice(&self) -> Result<&[T], DriverError> {
        let start = self.block.start()?.cast();
        // SAFETY: the pool made the buffer at least as long as `count` numbers, all of it
        // is initialized and aligned for them, any bytes are a number, and the block
        // keeps it from others.
        Ok(unsafe { std::slice::from_raw_parts(start, self.count) })
    }

    /// Returns the numbers for writing.
    ///
    /// # Errors
    /// A device error, if earlier work on the device failed.
    pub fn as_mut_slice(&mut self) -> Result<&mut [T], DriverError> {
        let start = self.block.start_mut()?.cast();
        // SAFETY: as in `as_slice`; the block is borrowed alone.
        Ok(unsafe { std::slice::from_raw_parts_mut(start, self.count) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn numbers_are_kept_and_the_next_of_that_size_take_their_buffer() {
        let staging = Staging::ordinary();
        let mut ids = staging.input::<i64>(1_000).unwrap();
        ids.as_mut_slice().unwrap().fill(7);
        let address = ids.as_slice().unwrap().as_ptr().addr();
        assert_eq!(ids.as_slice().unwrap(), [7; 1_000]);
        drop(ids);
        let again = staging.input::<f32>(500).unwrap();
        assert_eq!(again.as_slice().unwrap().as_ptr().addr(), address);
        assert_eq!(again.as_slice().unwrap().len(), 500);
        assert_eq!(staging.reserved_bytes(), BLOCK_BYTES as u64);
    }

    #[test]
    fn idle_buffers_can_be_given_back() {
        let staging = Staging::ordinary();
        let kept = staging.output::<f32>(BLOCK_BYTES).unwrap();
        drop(staging.input::<f32>(1).unwrap());
        assert_eq!(staging.reserved_bytes(), 5 * BLOCK_BYTES as u64);
        staging.collect();
        assert_eq!(staging.reserved_bytes(), 4 * BLOCK_BYTES as u64);
        drop(kept);
    }

    #[test]
    fn more_than_the_budget_is_a_lack_of_memory() {
        let most = usize::try_from(Staging::BUDGET_BYTES).unwrap();
        let refused = Staging::ordinary().input::<f32>(most).unwrap_err();
        assert!(refused.is_out_of_memory(), "{refused}");
    }

    #[test]
    #[ignore = "needs a CUDA device"]
    fn page_locked_numbers_travel_to_the_device_and_back() {
        let context = crate::cuda::open(0).unwrap();
        let staging = Staging::pinned(&CudaDevice::new(Arc::clone(&context)));
        let stream = context.new_stream().unwrap();
        for round in 0..3 {
            let mut input = staging.input::<f32>(50_000).unwrap();
            input.as_mut_slice().unwrap().fill(round as f32);
            let on_device = stream.clone_htod(input.as_slice().unwrap()).unwrap();
            let mut output = staging.output::<f32>(50_000).unwrap();
            stream.memcpy_dtoh(&on_device, output.as_mut_slice().unwrap()).unwrap();
            stream.synchronize().unwrap();
            assert_eq!(output.as_slice().unwrap(), input.as_slice().unwrap());
        }
    }
}
