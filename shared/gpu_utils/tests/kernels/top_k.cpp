// The kernels of top_k.cu as one function that a test can call.

#include "cuda_on_cpu.h"

#include "../../src/similarity/device/top_k.cu"

// `format`: 0 f32, 1 f16, 2 int8. False if the threads of a block wait for ever.
extern "C" bool run_top_k(int format, unsigned blocks, bool backwards, const void* rows,
                          const float* scales, const float* query, const unsigned* admitted,
                          int count, int groups, int k, float* out_scores, int* out_rows) {
    const auto kernel = format == 0 ? top_k_f32 : format == 1 ? top_k_f16 : top_k_int8;
    return on_cpu::launch(blocks, WARPS * 32, backwards, [=] {
        kernel(rows, scales, query, admitted, count, groups, k, out_scores, out_rows);
    });
}
