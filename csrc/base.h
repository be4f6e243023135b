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
constexpr i64 round_up(i64 n, i64 size) { return ceil_div(n, size) * size; }

// Rows of a matrix that lie so far apart.
template <class T>
struct Rows {
  T* data;
  i64 stride;

  T* operator[](i64 r) const { return data + r * stride; }
  // What begins at this row and column.
  Rows from(i64 row, i64 column) const { return {data + row * stride + column, stride}; }
  template <class U>
    requires requires(T* from, U*& to) { to = from; }
  operator Rows<U>() const {  // NOLINT(google-explicit-constructor): as T* becomes const T*
    return {data, stride};
  }
};

// Samples, one in each row.
template <class T>
struct Samples {
  T* data;
  i64 stride;
  i64 n;

  T* operator[](i64 s) const { return data + s * stride; }
  template <class U>
    requires requires(T* from, U*& to) { to = from; }
  operator Samples<U>() const {  // NOLINT(google-explicit-constructor): as T* becomes const T*
    return {data, stride, n};
  }
  // n of them, from s on.
  Samples some(i64 s, i64 count) const { return {data + s * stride, stride, count}; }
};

// Blocks of a matrix, from its first row and column on; those at the edges may be smaller.
struct BlockShape {
  i64 rows;
  i64 columns;
};

}  // namespace prunus
