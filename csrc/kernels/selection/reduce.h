// Reductions: what criteria sum over, and what checks ask of a whole array.
#pragma once

#include "formats.h"
#include "kernels/selection/score.h"

namespace prunus::PRUNUS_TARGET {

template <class T>
constexpr T kLargest = T(0);
template <>
inline constexpr float kLargest<float> = __FLT_MAX__;
template <>
inline constexpr double kLargest<double> = __DBL_MAX__;

// 1 if no a[i] is NaN or infinite, else 0. O(n), no early exit: the usual answer is 1.
template <class T>
i32 all_finite(const T* PRUNUS_RESTRICT a, i64 n) noexcept {
  i32 bad = 0;
  for (i64 i = 0; i < n; ++i) bad |= !(magnitude(a[i]) <= kLargest<T>);
  return !bad;
}

// 1 if any a[i] is NaN, else 0. O(n).
template <class T>
i32 any_nan(const T* PRUNUS_RESTRICT a, i64 n) noexcept {
  i32 found = 0;
  for (i64 i = 0; i < n; ++i) found |= a[i] != a[i];
  return found;
}

template <class T>
i64 count_nonzero(const T* PRUNUS_RESTRICT a, i64 n) noexcept {
  i64 count = 0;
  for (i64 i = 0; i < n; ++i) count += a[i] != T(0);
  return count;
}

// out[j] += sum over rows i of a[i, j] * b[i, j], or of its absolute value, for some columns of two matrices of as many
// rows. Summed in float64, in the order of the rows, so that splitting the columns changes no bit.
template <class T>
void column_dot(Samples<const T> a, Rows<const T> b, Range columns, i32 take_absolute,
                double* PRUNUS_RESTRICT out) noexcept {
  for (i64 i = 0; i < a.n; ++i) {
    const T* PRUNUS_RESTRICT row_a = a[i];
    const T* PRUNUS_RESTRICT row_b = b[i];
    if (take_absolute) {
      for (i64 j = columns.begin; j < columns.end; ++j) out[j] += magnitude(double(row_a[j]) * double(row_b[j]));
    } else {
      for (i64 j = columns.begin; j < columns.end; ++j) out[j] += double(row_a[j]) * double(row_b[j]);
    }
  }
}

}  // namespace prunus::PRUNUS_TARGET
