// One hop of activation over a graph.
//
// Each node pulls what its neighbours pass on. A warp takes a node: its lanes load 32
// of the arcs that lead there at a time, and add up what these carry in the order of
// the arcs. Order and rounding are those of the processor, which pushes, so that the
// sums are the same to the bit.

#define WARPS 8

extern "C" __global__ void __launch_bounds__(WARPS * 32)
    spread_hop(const unsigned* __restrict__ starts, const unsigned* __restrict__ sources,
               const float* __restrict__ shares, const float* __restrict__ pulse, float decay,
               float threshold, int nodes, float* next, float* total) {
    const int lane = threadIdx.x % 32;
    // A node's number can exceed an int only after the last one.
    for (long long at = (long long)blockIdx.x * WARPS + threadIdx.x / 32; at < nodes;
         at += (long long)gridDim.x * WARPS) {
        const int node = (int)at;
        const size_t end = starts[node + 1];
        float received = 0.0f;
        for (size_t first = starts[node]; first < end; first += 32) {
            const int count = end - first < 32 ? (int)(end - first) : 32;
            float carried = 0.0f;
            if (lane < count) {
                const float activation = pulse[sources[first + lane]];
                // Never fused with the sum below: that would round otherwise.
                if (activation > 0.0f && activation >= threshold)
                    carried = __fmul_rn(__fmul_rn(activation, decay), shares[first + lane]);
            }
            for (int i = 0; i < count; ++i)
                received = __fadd_rn(received, __shfl_sync(~0u, carried, i));
        }
        if (lane == 0) {
            next[node] = received;
            total[node] = __fadd_rn(total[node], received);
        }
    }
}
