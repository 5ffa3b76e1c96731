//! The versions of the libraries that run models, as the loaded libraries report them.

#![expect(unsafe_code, reason = "foreign functions of libraries that may be there")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::ManuallyDrop;
use std::path::Path;

use libloading::Library;

/// The result of ONNX Runtime's only exported function.
#[repr(C)]
struct OrtApiBase {
    _get_api: *const c_void,
    version: unsafe extern "C" fn() -> *const c_char,
}

/// Returns the version of ONNX Runtime, such as `1.28.0`. `None` if `library` is not ONNX
/// Runtime.
pub fn onnx_runtime(library: &Path) -> Option<String> {
    let library = load(library)?;
    // SAFETY: the signature is that of `onnxruntime_c_api.h`, in every version.
    let version = unsafe {
        let base = library.get::<unsafe extern "C" fn() -> *const OrtApiBase>("OrtGetApiBase");
        ((*base.ok()?()).version)()
    };
    // SAFETY: the version is a constant of the library, which is never closed.
    let version = unsafe { CStr::from_ptr(version) };
    Some(version.to_string_lossy().into_owned())
}

/// The CUDA runtime's, such as `12.4`.
pub(crate) fn cuda_runtime() -> Option<String> {
    let library = any_of(&["libcudart.so.13", "libcudart.so.12"])?;
    let mut version = 0;
    // SAFETY: the signature is that of `cuda_runtime_api.h`: it writes one integer.
    let status = unsafe {
        let get = library.get::<unsafe extern "C" fn(*mut c_int) -> c_int>("cudaRuntimeGetVersion");
        get.ok()?(&raw mut version)
    };
    (status == 0).then(|| format!("{}.{}", version / 1000, version % 1000 / 10))
}

/// cuDNN's, such as `9.1.0`.
pub(crate) fn cudnn() -> Option<String> {
    let library = any_of(&["libcudnn.so.9", "libcudnn.so.8"])?;
    // SAFETY: the signature is that of `cudnn_version.h` and its functions.
    let version =
        unsafe { library.get::<unsafe extern "C" fn() -> usize>("cudnnGetVersion").ok()?() };
    Some(three_parts(version))
}

/// TensorRT's, such as `10.4.0`.
pub(crate) fn tensorrt() -> Option<String> {
    let library = any_of(&["libnvinfer.so.10", "libnvinfer.so.8"])?;
    // SAFETY: the signature is that of `NvInferRuntime.h`.
    let version =
        unsafe { library.get::<unsafe extern "C" fn() -> i32>("getInferLibVersion").ok()?() };
    Some(three_parts(usize::try_from(version).ok()?))
}

/// `8907` is 8.9.7; since cuDNN 9 and TensorRT 10 the places have two digits: `90100`
/// is 9.1.0.
fn three_parts(version: usize) -> String {
    let unit = if version < 10_000 { 1_000 } else { 10_000 };
    format!("{}.{}.{}", version / unit, version % unit / 100, version % 100)
}

fn any_of(names: &[&str]) -> Option<ManuallyDrop<Library>> {
    names.iter().find_map(|name| load(Path::new(name)))
}

/// Never closed: other threads may be in it.
fn load(library: &Path) -> Option<ManuallyDrop<Library>> {
    // SAFETY: loading runs the initializers of a library that its vendor makes for
    // being loaded by any process.
    unsafe { Library::new(library) }.ok().map(ManuallyDrop::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_versions_are_told_apart() {
        assert_eq!(three_parts(8_907), "8.9.7");
        assert_eq!(three_parts(90_100), "9.1.0");
        assert_eq!(three_parts(101_303), "10.13.3");
    }

    #[test]
    fn what_is_no_such_library_has_no_version() {
        assert_eq!(onnx_runtime(Path::new("/nowhere/libonnxruntime.so")), None);
        assert_eq!(onnx_runtime(Path::new("libc.so.6")), None);
    }

    #[test]
    #[ignore = "needs a CUDA device"]
    fn the_runtime_of_a_device_tells_its_version() {
        assert!(cuda_runtime().is_some_and(|version| version.contains('.')));
    }
}
