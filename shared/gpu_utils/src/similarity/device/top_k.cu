// Cosines and the k best of them in one kernel: scores never reach global memory.
//
// A warp scores a row with the query, which stands in shared memory, and keeps the
// k best rows in a sorted list there. In the end a block merges its warps' lists;
// the host merges the blocks'. A row's values lie in groups of four,
// the last one filled with zeros. Equal scores come in the order of their rows; a
// score that is not a number beats none.

#define WARPS 8
#define EMPTY 0x7fffffff

struct F32 {
    static __device__ float4 load(const void* rows, size_t group) {
        return static_cast<const float4*>(rows)[group];
    }
};

struct F16 {
    static __device__ float widen(unsigned short bits) {
#ifdef __CUDACC_RTC__
        float value;
        asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
        return value;
#else
        return half_to_float(bits);
#endif
    }
    static __device__ float4 load(const void* rows, size_t group) {
        const ushort4 v = static_cast<const ushort4*>(rows)[group];
        return make_float4(widen(v.x), widen(v.y), widen(v.z), widen(v.w));
    }
};

struct Int8 {
    static __device__ float4 load(const void* rows, size_t group) {
        const char4 v = static_cast<const char4*>(rows)[group];
        return make_float4((signed char)v.x, (signed char)v.y, (signed char)v.z, (signed char)v.w);
    }
};

static __device__ bool beats(float score, int row, float other, int other_row) {
    return score > other || (score == other && row < other_row);
}

template <typename Row>
static __device__ void top_k(const void* rows, const float* scales, const float* query,
                             const unsigned* admitted, int count, int groups, int k,
                             float* out_scores, int* out_rows) {
    extern __shared__ float4 shared[];
    float4* const query_groups = shared;
    float* const scores = reinterpret_cast<float*>(shared + groups);
    int* const numbers = reinterpret_cast<int*>(scores + WARPS * k);
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;

    for (int i = threadIdx.x; i < groups; i += blockDim.x)
        query_groups[i] = reinterpret_cast<const float4*>(query)[i];
    for (int i = threadIdx.x; i < WARPS * k; i += blockDim.x) {
        scores[i] = -__int_as_float(0x7f800000);
        numbers[i] = EMPTY;
    }
    __syncthreads();

    float* const list = scores + warp * k;
    int* const list_rows = numbers + warp * k;
    float worst = -__int_as_float(0x7f800000);
    int worst_row = EMPTY;
    // A row's number can exceed an int only after the last one.
    for (long long at = (long long)blockIdx.x * WARPS + warp; at < count;
         at += (long long)gridDim.x * WARPS) {
        const int row = (int)at;
        if (admitted != nullptr && !(admitted[row / 32] >> (row % 32) & 1)) continue;
        float score = 0.0f;
        for (int i = lane; i < groups; i += 32) {
            const float4 v = Row::load(rows, (size_t)row * groups + i);
            const float4 u = query_groups[i];
            score = fmaf(v.x, u.x, fmaf(v.y, u.y, fmaf(v.z, u.z, fmaf(v.w, u.w, score))));
        }
        for (int step = 16; step > 0; step /= 2) score += __shfl_xor_sync(~0u, score, step);
        score *= scales == nullptr ? 1.0f : scales[row];
        if (!beats(score, row, worst, worst_row)) continue;
        if (lane == 0) {
            int place = k - 1;
            for (; place > 0 && beats(score, row, list[place - 1], list_rows[place - 1]); --place) {
                list[place] = list[place - 1];
                list_rows[place] = list_rows[place - 1];
            }
            list[place] = score;
            list_rows[place] = row;
        }
        __syncwarp();
        worst = list[k - 1];
        worst_row = list_rows[k - 1];
        // Nobody overwrites the list before all have read it.
        __syncwarp();
    }
    __syncthreads();

    if (threadIdx.x != 0) return;
    int heads[WARPS] = {};
    for (int i = 0; i < k; ++i) {
        int best = 0;
        float best_score = -__int_as_float(0x7f800000);
        int best_row = EMPTY;
        for (int w = 0; w < WARPS; ++w) {
            if (heads[w] == k) continue;
            const int at = w * k + heads[w];
            if (beats(scores[at], numbers[at], best_score, best_row)) {
                best = w;
                best_score = scores[at];
                best_row = numbers[at];
            }
        }
        if (best_row != EMPTY) ++heads[best];
        const size_t out = (size_t)blockIdx.x * k + i;
        out_scores[out] = best_score;
        out_rows[out] = best_row;
    }
}

#define KERNEL(name, Row)                                                                     \
    extern "C" __global__ void __launch_bounds__(WARPS * 32)                                  \
        name(const void* rows, const float* scales, const float* query,                       \
             const unsigned* admitted, int count, int groups, int k, float* out_scores,       \
             int* out_rows) {                                                                 \
        top_k<Row>(rows, scales, query, admitted, count, groups, k, out_scores, out_rows);    \
    }

KERNEL(top_k_f32, F32)
KERNEL(top_k_f16, F16)
KERNEL(top_k_int8, Int8)
