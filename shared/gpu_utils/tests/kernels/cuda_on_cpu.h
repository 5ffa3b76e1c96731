// CUDA's words on the processor, as far as the kernels need them.
//
// The threads of a block are fibers of one thread, and blocks run one after the other. A
// fiber runs until a barrier and then gives way. A missing barrier therefore shows as
// another result when the order of the fibers is turned round, and a barrier that some
// thread never reaches is reported.
#pragma once

#include <ucontext.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#define __global__
#define __device__
#define __shared__
#define __launch_bounds__(...)

struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) ushort4 {
    unsigned short x, y, z, w;
};
struct alignas(4) char4 {
    signed char x, y, z, w;
};
struct Place {
    unsigned x = 0;
};

inline Place threadIdx, blockIdx, blockDim, gridDim;

// A block's dynamic shared memory: what every device gives it by default.
float4 shared[(48 << 10) / sizeof(float4)];

inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

inline float __int_as_float(int bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// The value of IEEE 754's binary16.
inline float half_to_float(unsigned short bits) {
    const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    float value;
    if (exponent == 0x1f)
        value = fraction == 0 ? INFINITY : NAN;
    else if (exponent == 0)
        value = std::ldexp(static_cast<float>(fraction), -24);
    else
        value = std::ldexp(static_cast<float>(fraction | 0x400), exponent - 25);
    return bits & 0x8000 ? -value : value;
}

namespace on_cpu {

enum class State { Ready, AtWarp, AtBlock, Done };

struct Fiber {
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(64 << 10);
    State state = State::Ready;
};

inline std::vector<Fiber> fibers;
inline ucontext_t scheduler;
inline std::function<void()> body;
// What each thread hands to the others of its warp.
inline uint64_t handed[1024];

inline void wait(State at) {
    Fiber& own = fibers[threadIdx.x];
    own.state = at;
    swapcontext(&own.context, &scheduler);
}

inline void enter() {
    body();
    fibers[threadIdx.x].state = State::Done;
}

// Lets the threads from `first` to `end` go on if all that still run wait at the barrier.
inline void release(size_t first, size_t end, State at) {
    for (size_t i = first; i < end; ++i)
        if (fibers[i].state != at && fibers[i].state != State::Done) return;
    for (size_t i = first; i < end; ++i)
        if (fibers[i].state == at) fibers[i].state = State::Ready;
}

// Runs the threads of one block; false if they wait for each other for ever.
inline bool run_block(unsigned threads, bool backwards) {
    // Memory that nobody filled reads as numbers that are none.
    std::memset(shared, 0xff, sizeof shared);
    fibers = std::vector<Fiber>(threads);
    for (Fiber& fiber : fibers) {
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.data();
        fiber.context.uc_stack.ss_size = fiber.stack.size();
        fiber.context.uc_link = &scheduler;
        makecontext(&fiber.context, enter, 0);
    }
    for (;;) {
        bool any_ran = false, all_done = true;
        for (unsigned i = 0; i < threads; ++i) {
            threadIdx.x = backwards ? threads - 1 - i : i;
            Fiber& fiber = fibers[threadIdx.x];
            if (fiber.state == State::Ready) {
                any_ran = true;
                swapcontext(&scheduler, &fiber.context);
            }
            all_done = all_done && fiber.state == State::Done;
        }
        if (all_done) return true;
        if (!any_ran) return false;
        for (unsigned first = 0; first < threads; first += 32)
            release(first, first + 32 < threads ? first + 32 : threads, State::AtWarp);
        release(0, threads, State::AtBlock);
    }
}

// Runs a kernel on `blocks` blocks; false if threads of one wait for each other for ever.
inline bool launch(unsigned blocks, unsigned threads, bool backwards, std::function<void()> kernel) {
    body = std::move(kernel);
    blockDim.x = threads;
    gridDim.x = blocks;
    for (blockIdx.x = 0; blockIdx.x < blocks; ++blockIdx.x)
        if (!run_block(threads, backwards)) return false;
    return true;
}

}  // namespace on_cpu

inline void __syncthreads() { on_cpu::wait(on_cpu::State::AtBlock); }

inline void __syncwarp() { on_cpu::wait(on_cpu::State::AtWarp); }

template <typename T>
T __shfl_xor_sync(unsigned, T value, int step) {
    static_assert(sizeof(T) <= sizeof(uint64_t), "a register");
    std::memcpy(&on_cpu::handed[threadIdx.x], &value, sizeof value);
    __syncwarp();
    std::memcpy(&value, &on_cpu::handed[threadIdx.x ^ step], sizeof value);
    __syncwarp();
    return value;
}
