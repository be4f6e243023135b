// Sparse matrix times one sample.
#pragma once

#include "kernels/activation.h"
#include "simd.h"

namespace prunus::PRUNUS_TARGET {

// y[r] = activation(sum of w[r, c] * x[c] + bias[r]) for every row r. w: CSR (n_rows, n_cols); x: (n_cols,); y:
// (n_rows,), overlapping neither. O(entries). Four scalar sums in flight hide the latency of the addition. Left alone,
// GCC 12 builds vectors of the products, one insertion for each entry.
template <class T>
void spmv_csr(const Csr<T>& w, const T* PRUNUS_RESTRICT x, const Epilogue<T>& epilogue, T* PRUNUS_RESTRICT y) noexcept {
  for (i64 r = 0; r < w.n_rows; ++r) {
    T sum[4] = {epilogue.bias[r], T(0), T(0), T(0)};
    i64 e = w.row_start[r];
    const i64 end = w.row_start[r + 1];
    for (; e + 4 <= end; e += 4) {
      for (i64 k = 0; k < 4; ++k) {
        sum[k] += w.value[e + k] * x[w.column[e + k]];
        keep_scalar(sum[k]);
      }
    }
    for (; e < end; ++e) {
      sum[0] += w.value[e] * x[w.column[e]];
      keep_scalar(sum[0]);
    }
    y[r] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }
  activate(y, w.n_rows, epilogue.activation, epilogue.negative_slope);
}

}  // namespace prunus::PRUNUS_TARGET
