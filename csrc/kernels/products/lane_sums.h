// Vectors of partial sums into sums.
#pragma once

#include "simd/quads.h"

namespace prunus::PRUNUS_TARGET {

// y[i * y_step] = sum of the lanes of sum[i] + bias[i * bias_step].
template <class T, int kSums>
PRUNUS_INLINE void store_sums(const Vector<T> (&sum)[kSums], const T* bias, i64 bias_step, T* y, i64 y_step) {
  constexpr i64 kEach = kQuad<T>;
  for (i64 i = 0; i < kSums; i += kEach) {
    Vector<T> turned[kEach];
    for (i64 j = 0; j < kEach; ++j) turned[j] = i + j < kSums ? sum[i + j] : broadcast(T(0));
    transpose_quads(turned);
    Vector<T> total = turned[0];
    for (i64 j = 1; j < kEach; ++j) total += turned[j];
    alignas(kCacheLine) T lanes[kLanes<T>];
    store(lanes, total);
    for (i64 j = 0; j < kEach && i + j < kSums; ++j) {
      T of_quads = lanes[j];
      for (i64 q = 1; q < kQuads<T>; ++q) of_quads += lanes[q * kEach + j];
      y[(i + j) * y_step] = of_quads + bias[(i + j) * bias_step];
    }
  }
}

}  // namespace prunus::PRUNUS_TARGET
