// Elementwise scores of weights.
#pragma once

#include "base.h"

namespace prunus::PRUNUS_TARGET {

PRUNUS_INLINE float magnitude(float x) { return __builtin_fabsf(x); }
PRUNUS_INLINE double magnitude(double x) { return __builtin_fabs(x); }

// out[i] = |a[i]|. O(n); out may not overlap a.
template <class T>
void absolute(const T* PRUNUS_RESTRICT a, i64 n, T* PRUNUS_RESTRICT out) noexcept {
  for (i64 i = 0; i < n; ++i) out[i] = magnitude(a[i]);
}

// out[i] = |a[i] * b[i]|. O(n); out may overlap neither.
template <class T>
void absolute_product(const T* PRUNUS_RESTRICT a, const T* PRUNUS_RESTRICT b, i64 n, T* PRUNUS_RESTRICT out) noexcept {
  for (i64 i = 0; i < n; ++i) out[i] = magnitude(a[i] * b[i]);
}

}  // namespace prunus::PRUNUS_TARGET
