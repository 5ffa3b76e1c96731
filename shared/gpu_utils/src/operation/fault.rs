//! The failures of device runs, and those that mean a lack of memory.

/// A failure of a device run.
pub trait RunFailure {
    /// True where the same run may succeed with fewer items or more free memory.
    fn is_out_of_memory(&self) -> bool;
}

/// The words of ONNX Runtime, its arena, cuBLAS, cuDNN and CUDA; each row must occur
/// whole.
const OUT_OF_MEMORY: [&[&str]; 6] = [
    &["Failed to allocate memory for requested buffer"],
    &["Available memory of", "is smaller than requested"],
    &["CUBLAS_STATUS_ALLOC_FAILED"],
    &["CUDNN_STATUS_ALLOC_FAILED"],
    &["CUDA_ERROR_OUT_OF_MEMORY"],
    &["CUDA failure 2:"],
];

/// Returns true if a runtime's message means a lack of memory. ONNX Runtime has no error code
/// for it (`bfc_arena.cc` raises a plain failure), so its text must decide. No other code
/// decides by a text.
pub fn is_out_of_memory_message(message: &str) -> bool {
    OUT_OF_MEMORY.iter().any(|row| row.iter().all(|part| message.contains(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_runtimes_are_recognized() {
        for message in [
            "bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 1073741824",
            "bfc_arena.cc:359 Available memory of 1024 is smaller than requested bytes of 4096",
            "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0",
            "CUDA failure 2: out of memory ; GPU=0 ; expr=cudaMalloc((void**)&p, size);",
        ] {
            assert!(is_out_of_memory_message(message), "{message}");
        }
        for message in ["Invalid rank for input", "Available memory of 9", "CUDA failure 700: x"] {
            assert!(!is_out_of_memory_message(message), "{message}");
        }
    }
}
