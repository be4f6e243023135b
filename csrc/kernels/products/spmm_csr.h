// Sparse rows times samples in columns as they come: nothing is turned or copied, and only those rows of X are read
// that an entry meets. For matrices of so few entries that to turn X would take longer than the product.
#pragma once

#include "formats.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// Row r times kVectors vectors of samples.
template <int kVectors, class T>
PRUNUS_INLINE void dot_vectors(const Csr<T>& w, i64 r, const T* PRUNUS_RESTRICT x, i64 n, T* PRUNUS_RESTRICT y) {
  Vector<T> sum[kVectors];
  for (Vector<T>& v : sum) v = broadcast(T(0));
  for (i64 e = w.row_start[r]; e < w.row_start[r + 1]; ++e) {
    const Vector<T> weight = broadcast(w.value[e]);
    const T* feature = x + w.column[e] * n;
    for (int v = 0; v < kVectors; ++v) {
      sum[v] = add_product<T>(sum[v], weight, load_unaligned(feature + v * kLanes<T>));
    }
  }
  for (int v = 0; v < kVectors; ++v) store_unaligned(y + v * kLanes<T>, sum[v]);
}

// Row r times kSamples samples, less than a vector.
template <int kSamples, class T>
PRUNUS_INLINE void dot_samples(const Csr<T>& w, i64 r, const T* PRUNUS_RESTRICT x, i64 n, T* PRUNUS_RESTRICT y) {
  T sum[kSamples] = {};
  for (i64 e = w.row_start[r]; e < w.row_start[r + 1]; ++e) {
    const T weight = w.value[e];
    const T* feature = x + w.column[e] * n;
    for (int s = 0; s < kSamples; ++s) sum[s] = add_product_of(sum[s], weight, feature[s]);
  }
  for (int s = 0; s < kSamples; ++s) y[s] = sum[s];
}

// Rows times n samples, less than two times kSamples: kSamples twice, some samples in both.
template <int kSamples, class T>
PRUNUS_INLINE void multiply_few(const Csr<T>& w, Range rows, const T* x, i64 n, T* y) {
  if (n >= kSamples) {
    for (i64 r = rows.begin; r < rows.end; ++r) {
      dot_samples<kSamples>(w, r, x, n, y + r * n);
      if (n > kSamples) dot_samples<kSamples>(w, r, x + n - kSamples, n, y + (r + 1) * n - kSamples);
    }
  } else if constexpr (kSamples > 1) {
    multiply_few<kSamples / 2>(w, rows, x, n, y);
  }
}

// y[r, s] = sum of w[r, c] * x[c, s] for the rows given and n samples. x: (n_cols of w, n); y: (n_rows of w, n), any
// alignment, not overlapping. A sample's result does not depend on those beside it. O(entries * n).
template <class T>
void spmm_csr(const Csr<T>& w, Range rows, const T* x, i64 n, T* y) noexcept {
  if (n < kLanes<T>) return multiply_few<kLanes<T> / 2>(w, rows, x, n, y);
  for (i64 r = rows.begin; r < rows.end; ++r) {
    T* const of_row = y + r * n;
    i64 s = 0;
    for (; s + 4 * kLanes<T> <= n; s += 4 * kLanes<T>) dot_vectors<4>(w, r, x + s, n, of_row + s);
    for (; s + kLanes<T> <= n; s += kLanes<T>) dot_vectors<1>(w, r, x + s, n, of_row + s);
    if (s < n) dot_vectors<1>(w, r, x + n - kLanes<T>, n, of_row + n - kLanes<T>);  // some samples once more
  }
}

}  // namespace prunus::PRUNUS_TARGET
