// The vocabulary of the whole core: fixed-width types, the no-alias promise, the debug assertion.
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define PRUNUS_RESTRICT __restrict__
#define PRUNUS_INLINE inline __attribute__((always_inline))
#define PRUNUS_APART __attribute__((noinline))
#define PRUNUS_ASSERT(condition) assert(condition)

namespace prunus {

using i32 = int32_t;
using i64 = int64_t;
using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;

// Panels and workspaces start at a cache line: a load that crosses one costs half as much again.
constexpr i64 kCacheLine = 64;

// How many pieces of that size cover n: no sum that could overflow.
constexpr i64 ceil_div(i64 n, i64 size) { return n / size + (n % size != 0); }

}  // namespace prunus
