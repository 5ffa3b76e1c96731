//! The memory of a session's arena: the runtime's own figures, for which
//! `ort` has no wrapper.
#![expect(unsafe_code, reason = "the runtime's allocator statistics have no safe wrapper")]

use std::ffi::{CStr, c_char};
use std::ptr::{self, NonNull};

use ort::AsPointer;
use ort::memory::{Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::Session;
use ort::sys::OrtKeyValuePairs;

use crate::device::placement::ModelPlacement;

/// The memory of one session's arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArenaStats {
    /// Bytes in use now. Between runs, these are the allocations that last as long as the
    /// session.
    pub in_use_bytes: u64,
    /// The most bytes in use at a time.
    pub peak_bytes: u64,
    /// Bytes that the arena holds, in use or kept for the next run.
    pub reserved_bytes: u64,
    /// The number of times that the arena took more memory from the system: once per new shape,
    /// then never.
    pub extensions: u64,
    /// The number of times that the arena gave memory back.
    pub shrinkages: u64,
}

/// A view of a session's arena.
pub(crate) struct SessionArena(Allocator);

impl SessionArena {
    pub(crate) fn of(session: &Session, placement: &ModelPlacement) -> ort::Result<Self> {
        let (device, ordinal) = placement.memory();
        let memory = MemoryInfo::new(device, ordinal, AllocatorType::Arena, MemoryType::Default)?;
        Ok(Self(Allocator::new(session, memory)?))
    }

    /// The figures now; `None` where the runtime does not tell them.
    pub(crate) fn stats(&self) -> Option<ArenaStats> {
        let pairs = Pairs::of(&self.0)?;
        Some(ArenaStats {
            in_use_bytes: pairs.get(c"InUse")?,
            peak_bytes: pairs.get(c"MaxInUse")?,
            reserved_bytes: pairs.get(c"TotalAllocated")?,
            extensions: pairs.get(c"NumArenaExtensions")?,
            shrinkages: pairs.get(c"NumArenaShrinkages")?,
        })
    }
}

/// Names and values that the runtime allocated.
struct Pairs(NonNull<OrtKeyValuePairs>);

impl Pairs {
    fn of(allocator: &Allocator) -> Option<Self> {
        let mut pairs = ptr::null_mut();
        // SAFETY: the allocator lives as long as its reference, and `pairs` is
        // written before the call returns.
        let status = unsafe { (ort::api().AllocatorGetStats)(allocator.ptr(), &raw mut pairs) };
        if let Some(status) = NonNull::new(status.0) {
            // SAFETY: the runtime gave this status to us to release, once.
            unsafe { (ort::api().ReleaseStatus)(status.as_ptr()) };
            return None;
        }
        NonNull::new(pairs).map(Self)
    }

    fn get(&self, name: &CStr) -> Option<u64> {
        // SAFETY: the pairs live until this value is dropped.
        let value: *const c_char =
            unsafe { (ort::api().GetKeyValue)(self.0.as_ptr(), name.as_ptr()) };
        if value.is_null() {
            return None;
        }
        // SAFETY: the runtime's values end with a zero, and live as the pairs do.
        unsafe { CStr::from_ptr(value) }.to_str().ok()?.parse().ok()
    }
}

impl Drop for Pairs {
    fn drop(&mut self) {
        // SAFETY: the pairs are ours and released only here.
        unsafe { (ort::api().ReleaseKeyValuePairs)(self.0.as_ptr()) };
    }
}
