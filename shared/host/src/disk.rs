//! The space of a file system.

#![cfg_attr(target_os = "linux", expect(unsafe_code, reason = "statvfs has no safe face in std"))]

use std::path::Path;

/// In bytes: all of it, and what a process without privileges may still take.
#[cfg(target_os = "linux")]
pub(crate) fn space(folder: &Path) -> Vec<(&'static str, f64)> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    let Ok(path) = CString::new(folder.as_os_str().as_bytes()) else {
        return Vec::new();
    };
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `path` ends with NUL, and `found` has room for what is written.
    if unsafe { libc::statvfs(path.as_ptr(), found.as_mut_ptr()) } != 0 {
        return Vec::new();
    }
    // SAFETY: a call that returns 0 has filled it.
    let found = unsafe { found.assume_init() };
    let bytes = |blocks: libc::fsblkcnt_t| blocks as f64 * found.f_frsize as f64;
    vec![("total", bytes(found.f_blocks)), ("available", bytes(found.f_bavail))]
}

/// Nothing is told where there is no statvfs.
#[cfg(not(target_os = "linux"))]
pub(crate) fn space(_folder: &Path) -> Vec<(&'static str, f64)> {
    Vec::new()
}

/// Returns the free bytes of the file system of `path` that an unprivileged process may use.
/// `None` if the system does not state it.
pub fn available_bytes(path: &Path) -> Option<u64> {
    let available = space(path).into_iter().find(|(name, _)| *name == "available")?;
    Some(available.1 as u64)
}
