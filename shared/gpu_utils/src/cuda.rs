//! The only code that calls the CUDA driver, through cudarc, which loads it at run time.
//!
//! Caution: cudarc panics if libcuda is missing, or if an old libcuda lacks a symbol. So do not
//! call cudarc before [`open`] or [`Cuda::detect`](crate::device::Cuda::detect) has found the
//! driver.

#![expect(unsafe_code, reason = "foreign functions of the CUDA driver")]

pub mod kernels;

use std::panic::{UnwindSafe, catch_unwind};
use std::sync::Arc;

use cudarc::driver::sys::{self, CUmemPool_attribute, CUresult};
use cudarc::driver::{CudaContext, result};

use crate::device::{Cuda, CudaAbsence, Gpu, GpuClass};
use crate::memory::{DeviceCapacity, LedgerSample, MemorySnapshot};
use crate::operation::{RunDevice, RunFailure};

pub use cudarc::driver::DriverError;

impl RunFailure for DriverError {
    fn is_out_of_memory(&self) -> bool {
        self.0 == CUresult::CUDA_ERROR_OUT_OF_MEMORY
    }
}

/// Opens the context of a device.
///
/// # Errors
/// [`CudaAbsence`]; never panics.
pub fn open(ordinal: usize) -> Result<Arc<CudaContext>, CudaAbsence> {
    guarded(move || CudaContext::new(ordinal))
}

impl Cuda {
    /// Detects the devices. Never panics: a failure of the driver becomes the reason for its
    /// absence.
    pub fn detect() -> Self {
        detect().unwrap_or_else(Self::Absent)
    }
}

fn detect() -> Result<Cuda, CudaAbsence> {
    let (driver, gpus) = guarded(|| {
        let count = CudaContext::device_count()?;
        let ordinals = 0..usize::try_from(count).unwrap_or(0);
        Ok((driver_version()?, ordinals.map(gpu).collect::<Result<Vec<_>, _>>()?))
    })?;
    if gpus.is_empty() {
        return Err(CudaAbsence::NoDevice);
    }
    Ok(Cuda::Present { driver, nvrtc: nvrtc_version(), gpus })
}

/// Calls the driver only if it is there, and turns its panics into an absence.
fn guarded<T>(
    call: impl FnOnce() -> Result<T, DriverError> + UnwindSafe,
) -> Result<T, CudaAbsence> {
    // SAFETY: loading libcuda runs its initializers, which the driver's vendor
    // makes for being loaded by any process.
    if !unsafe { sys::is_culib_present() } {
        return Err(CudaAbsence::NoDriver);
    }
    match catch_unwind(call) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(DriverError(CUresult::CUDA_ERROR_NO_DEVICE))) => Err(CudaAbsence::NoDevice),
        // Not its `Display`: that asks the driver, which may be a stub.
        Ok(Err(DriverError(code))) => Err(CudaAbsence::Driver(format!("{code:?}"))),
        Err(_) => Err(CudaAbsence::Driver("it lacks a function".into())),
    }
}

/// Queries the device without making a context on it, which would take memory.
fn gpu(ordinal: usize) -> Result<Gpu, DriverError> {
    use sys::CUdevice_attribute_enum as Attribute;
    let number = i32::try_from(ordinal).unwrap_or(i32::MAX);
    let device = result::device::get(number)?;
    // SAFETY: `device` comes from `cuDeviceGet`.
    let attribute = |attribute| unsafe { result::device::get_attribute(device, attribute) };
    let major = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
    let minor = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
    // SAFETY: as above.
    let memory = unsafe { result::device::total_mem(device) }?;
    let name = result::device::get_name(device)?;
    let (class, memory_bytes) = (GpuClass::of(&name), memory as u64);
    Ok(Gpu { ordinal, name, class, compute_capability: (major, minor), memory_bytes })
}

fn driver_version() -> Result<(i32, i32), DriverError> {
    let mut version = 0;
    // SAFETY: the driver writes one integer to the pointer.
    unsafe { sys::cuDriverGetVersion(&raw mut version) }.result()?;
    Ok((version / 1000, version % 1000 / 10))
}

fn nvrtc_version() -> Option<(i32, i32)> {
    use cudarc::nvrtc::sys::{is_culib_present, nvrtcResult, nvrtcVersion};
    // SAFETY: as for libcuda.
    if !unsafe { is_culib_present() } {
        return None;
    }
    let version = catch_unwind(|| {
        let (mut major, mut minor) = (0, 0);
        // SAFETY: NVRTC writes one integer to each pointer.
        let result = unsafe { nvrtcVersion(&raw mut major, &raw mut minor) };
        (result == nvrtcResult::NVRTC_SUCCESS).then_some((major, minor))
    });
    version.ok().flatten()
}

/// A CUDA device: its memory figures, and the operations that free memory.
#[derive(Clone, Debug)]
pub struct CudaDevice {
    context: Arc<CudaContext>,
    resource: String,
}

impl CudaDevice {
    /// Makes the device of an open context.
    pub fn new(context: Arc<CudaContext>) -> Self {
        let resource = format!("cuda:{}", context.ordinal());
        Self { context, resource }
    }

    /// The context.
    pub fn context(&self) -> &Arc<CudaContext> {
        &self.context
    }

    fn pool(&self) -> Option<sys::CUmemoryPool> {
        // SAFETY: the device is that of a live context.
        let pool = || unsafe { result::device::get_default_mem_pool(self.context.cu_device()) };
        self.context.has_async_alloc().then(pool)?.ok()
    }

    fn pool_sample(&self) -> Option<LedgerSample> {
        let pool = self.pool()?;
        let read = |attribute| {
            let mut value = 0_u64;
            // SAFETY: the pool is the device's own; these attributes are 64 bits.
            unsafe { result::mem_pool::get_attribute(pool, attribute, (&raw mut value).cast()) }
                .ok()?;
            Some(value)
        };
        Some(LedgerSample {
            allocated: read(CUmemPool_attribute::CU_MEMPOOL_ATTR_USED_MEM_CURRENT)?,
            reserved: read(CUmemPool_attribute::CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT)?,
        })
    }

    fn capacity(&self) -> Option<DeviceCapacity> {
        let (free, total) = self.context.mem_get_info().ok()?;
        Some(DeviceCapacity { total: total as u64, free: free as u64 })
    }
}

impl RunDevice for CudaDevice {
    type Error = DriverError;

    fn resource(&self) -> &str {
        &self.resource
    }

    fn snapshot(&self) -> MemorySnapshot {
        MemorySnapshot { arena: None, pool: self.pool_sample(), device: self.capacity() }
    }

    fn synchronize(&self) -> Result<(), DriverError> {
        self.context.synchronize()
    }

    /// Gives what the default pool keeps back to the device.
    fn clean_up(&self) {
        if let Some(pool) = self.pool() {
            // SAFETY: the pool is the device's own; blocks in use are kept.
            self.context.record_err(unsafe { result::mem_pool::trim_to(pool, 0) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "needs a CUDA device"]
    fn trimming_gives_the_pools_memory_back() {
        let context = open(0).unwrap();
        let device = CudaDevice::new(Arc::clone(&context));
        let stream = context.default_stream();
        let values = stream.alloc_zeros::<u8>(64 << 20).unwrap();
        let before = device.snapshot().pool.unwrap();
        assert!(before.allocated >= 64 << 20);
        drop(values);
        device.synchronize().unwrap();
        device.clean_up();
        let after = device.snapshot();
        assert!(after.pool.unwrap().reserved < before.reserved);
        assert!(after.device.unwrap().total > 0);
    }

    #[test]
    #[ignore = "needs a CUDA device"]
    fn asking_for_too_much_is_out_of_memory() {
        let context = open(0).unwrap();
        let all = context.total_mem().unwrap();
        let error = context.default_stream().alloc_zeros::<u8>(2 * all).unwrap_err();
        assert!(error.is_out_of_memory());
    }
}
