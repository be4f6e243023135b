// The rate of arithmetic, to hold the other kernels against.
#pragma once

#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// 24 * n * lanes floating point operations: n multiplications and additions of 12 independent sums, in registers alone,
// fused where the target can. Returns the sums' sum, so that nothing is left out.
template <class T>
T multiply_and_add(i64 n) noexcept {
  constexpr int kSums = 12;
  Vector<T> sum[kSums];
  for (int k = 0; k < kSums; ++k) sum[k] = broadcast(T(k));
  Vector<T> factor = broadcast(T(0.5)), term = broadcast(T(1));
  for (i64 i = 0; i < n; ++i) {
    keep_vector(factor);  // else the compiler could sum in its head
    for (int k = 0; k < kSums; ++k) sum[k] = sum[k] * factor + term;
  }
  for (int k = 1; k < kSums; ++k) sum[0] += sum[k];
  return sum[0][0];
}

}  // namespace prunus::PRUNUS_TARGET
