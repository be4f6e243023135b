// Downdates of an inverse: what is left of it, of its diagonal and of the coefficients when a feature has gone.
#pragma once

#include "formats.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// out[j] = h[j] - sum over rows t of u of a[t] * u[t, j], j in [0, n). Nothing may overlap. O(n) for each row.
template <class T>
void subtract_combination(const T* PRUNUS_RESTRICT h, Samples<const T> u, const T* PRUNUS_RESTRICT a, i64 n,
                          T* PRUNUS_RESTRICT out) noexcept {
  constexpr int kSums = 6;  // two loads a cycle, and four cycles until a sum is there
  const auto tile = [&](auto count, i64 j) {
    constexpr int kCount = decltype(count)::kCount;
    Vector<T> sum[kCount];
    for (int k = 0; k < kCount; ++k) sum[k] = -load_unaligned(h + j + k * kLanes<T>);
    for (i64 t = 0; t < u.n; ++t) {
      const Vector<T> factor = broadcast(a[t]);
      const T* PRUNUS_RESTRICT row = u[t] + j;
      for (int k = 0; k < kCount; ++k) sum[k] = add_product<T>(sum[k], factor, load_unaligned(row + k * kLanes<T>));
    }
    for (int k = 0; k < kCount; ++k) store_unaligned(out + j + k * kLanes<T>, -sum[k]);
  };
  i64 j = 0;
  for (; j + kSums * kLanes<T> <= n; j += kSums * kLanes<T>) tile(Count<kSums>{}, j);
  for (; j + kLanes<T> <= n; j += kLanes<T>) tile(Count<1>{}, j);
  for (; j < n; ++j) {
    T sum = h[j];
    for (i64 t = 0; t < u.n; ++t) sum -= a[t] * u[t][j];
    out[j] = sum;
  }
}

// c[i, j] -= sum over t < n_terms of left[t, i] * right[t, j], i in rows, j in columns; c may overlap neither.
// O(n_terms) for each element.
//
// Columns go in slabs whose part of `right` stays in L2, and are walked down all rows: a tile of rows and columns has
// its sums in registers.
template <class T>
void subtract_products(Rows<T> to, Rows<const T> by, Rows<const T> of, i64 n_terms, Range rows,
                       Range columns) noexcept {
  T* PRUNUS_RESTRICT const c = to.data;
  const T* PRUNUS_RESTRICT const left = by.data;
  const T* PRUNUS_RESTRICT const right = of.data;
  const i64 c_stride = to.stride, left_stride = by.stride, right_stride = of.stride;
  constexpr int kRows = kRegisters == 32 ? 8 : 4, kVectors = 3;
  constexpr i64 kStep = kVectors * kLanes<T>, kSlab = 8 * kStep;
  const auto tile = [&](auto n_rows, auto n_vectors, i64 i, i64 j) {
    constexpr int kCount = decltype(n_rows)::kCount, kWidth = decltype(n_vectors)::kCount;
    Vector<T> sum[kCount][kWidth];
    for (int r = 0; r < kCount; ++r) {
      for (int k = 0; k < kWidth; ++k) sum[r][k] = -load_unaligned(c + (i + r) * c_stride + j + k * kLanes<T>);
    }
    for (i64 t = 0; t < n_terms; ++t) {
      const T* PRUNUS_RESTRICT from = right + t * right_stride + j;
      const T* PRUNUS_RESTRICT factor = left + t * left_stride + i;
      Vector<T> value[kWidth];
      for (int k = 0; k < kWidth; ++k) value[k] = load_unaligned(from + k * kLanes<T>);
      for (int r = 0; r < kCount; ++r) {
        const Vector<T> times = broadcast(factor[r]);
        for (int k = 0; k < kWidth; ++k) sum[r][k] = add_product<T>(sum[r][k], times, value[k]);
      }
    }
    for (int r = 0; r < kCount; ++r) {
      for (int k = 0; k < kWidth; ++k) store_unaligned(c + (i + r) * c_stride + j + k * kLanes<T>, -sum[r][k]);
    }
  };
  // Columns behind the last whole vector: those of the last vector that there is, of which they alone are stored.
  const auto rest = [&](auto n_rows, i64 i, i64 j, i64 end) {
    constexpr int kCount = decltype(n_rows)::kCount;
    const i64 at = end - kLanes<T>;
    Vector<T> sum[kCount];
    for (int r = 0; r < kCount; ++r) sum[r] = -load_unaligned(c + (i + r) * c_stride + at);
    for (i64 t = 0; t < n_terms; ++t) {
      const Vector<T> value = load_unaligned(right + t * right_stride + at);
      for (int r = 0; r < kCount; ++r) {
        sum[r] = add_product<T>(sum[r], broadcast(left[t * left_stride + i + r]), value);
      }
    }
    for (int r = 0; r < kCount; ++r) {
      for (i64 k = j; k < end; ++k) c[(i + r) * c_stride + k] = -sum[r][k - at];
    }
  };
  const auto strip = [&](auto n_rows, i64 i, i64 begin, i64 end) {
    constexpr int kCount = decltype(n_rows)::kCount;
    i64 j = begin;
    for (; j + kStep <= end; j += kStep) tile(n_rows, Count<kVectors>{}, i, j);
    for (; j + 2 * kLanes<T> <= end; j += 2 * kLanes<T>) tile(n_rows, Count<2>{}, i, j);
    for (; j + kLanes<T> <= end; j += kLanes<T>) tile(n_rows, Count<1>{}, i, j);
    if (j == end) return;
    if (end - kLanes<T> >= columns.begin) {
      rest(n_rows, i, j, end);
      return;
    }
    for (; j < end; ++j) {
      for (i64 r = i; r < i + kCount; ++r) {
        T sum = c[r * c_stride + j];
        for (i64 t = 0; t < n_terms; ++t) sum -= left[t * left_stride + r] * right[t * right_stride + j];
        c[r * c_stride + j] = sum;
      }
    }
  };
  for (i64 slab = columns.begin; slab < columns.end; slab += kSlab) {
    const i64 end = slab + kSlab < columns.end ? slab + kSlab : columns.end;
    i64 i = rows.begin;
    for (; i + kRows <= rows.end; i += kRows) strip(Count<kRows>{}, i, slab, end);
    for (; i < rows.end; ++i) strip(Count<1>{}, i, slab, end);
  }
}

// One feature has gone from a set, or come to it: u is what it takes with it, its column of the matrix whose diagonal
// this is over the root of its own diagonal element. For every j, diagonal[j] -= u[j]^2; coef[k, j] -= factor[k] * u[j]
// for each output, a row of coef; score[j] = sum over k of coef[k, j]^2 / diagonal[j] + bar[j]: how the loss would
// change if j were next. Returns whether a diagonal element has fallen below its limit. Nothing may overlap. O(n) for
// each output.
template <class T>
i32 take_away(const T* PRUNUS_RESTRICT u, i64 n, const T* PRUNUS_RESTRICT factor, Samples<T> coef,
              const T* PRUNUS_RESTRICT bar, const T* PRUNUS_RESTRICT limit, T* PRUNUS_RESTRICT diagonal,
              T* PRUNUS_RESTRICT score) noexcept {
  i32 is_low = 0;
  for (i64 j = 0; j < n; ++j) {
    diagonal[j] -= u[j] * u[j];
    is_low |= !(diagonal[j] >= limit[j]);  // NaN is
    score[j] = 0;
  }
  for (i64 k = 0; k < coef.n; ++k) {
    T* PRUNUS_RESTRICT b = coef[k];
    const T f = factor[k];
    for (i64 j = 0; j < n; ++j) {
      b[j] -= f * u[j];
      score[j] += b[j] * b[j];
    }
  }
  for (i64 j = 0; j < n; ++j) score[j] = score[j] / diagonal[j] + bar[j];
  return is_low;
}

}  // namespace prunus::PRUNUS_TARGET
