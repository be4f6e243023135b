// Sparse samples times a transposed weight: what a sample does not have is neither read nor multiplied.
#pragma once

#include "kernels/products/activation.h"

namespace prunus::PRUNUS_TARGET {

// y[r, j] = activation(sum of x[r, c] * w[c, j] + bias[j]) for the rows r given, y and w (n_cols of x, n_out)
// row-major. The entries of a row are added in their order, four at a time so that sums are loaded and stored a quarter
// as often. O(entries * n_out).
template <class T>
void sparse_rows_dense(const Csr<T>& x, Range rows, const T* PRUNUS_RESTRICT w, i64 n_out, const Epilogue<T>& epilogue,
                       T* PRUNUS_RESTRICT y) noexcept {
  for (i64 r = rows.begin; r < rows.end; ++r) {
    T* PRUNUS_RESTRICT sum = y + r * n_out;
    for (i64 j = 0; j < n_out; ++j) sum[j] = epilogue.bias[j];
    i64 e = x.row_start[r];
    const i64 end = x.row_start[r + 1];
    for (; e + 4 <= end; e += 4) {
      const T v0 = x.value[e], v1 = x.value[e + 1], v2 = x.value[e + 2], v3 = x.value[e + 3];
      const T* PRUNUS_RESTRICT w0 = w + x.column[e] * n_out;
      const T* PRUNUS_RESTRICT w1 = w + x.column[e + 1] * n_out;
      const T* PRUNUS_RESTRICT w2 = w + x.column[e + 2] * n_out;
      const T* PRUNUS_RESTRICT w3 = w + x.column[e + 3] * n_out;
      for (i64 j = 0; j < n_out; ++j) sum[j] = (((sum[j] + v0 * w0[j]) + v1 * w1[j]) + v2 * w2[j]) + v3 * w3[j];
    }
    for (; e < end; ++e) {
      const T v = x.value[e];
      const T* PRUNUS_RESTRICT row = w + x.column[e] * n_out;
      for (i64 j = 0; j < n_out; ++j) sum[j] += v * row[j];
    }
    finish(sum, n_out, epilogue);
  }
}

// The same with a sparse w: O(entries of x * entries of a row of w).
template <class T>
void sparse_rows_sparse(const Csr<T>& x, Range rows, const Csr<T>& w, const Epilogue<T>& epilogue,
                        T* PRUNUS_RESTRICT y) noexcept {
  for (i64 r = rows.begin; r < rows.end; ++r) {
    T* PRUNUS_RESTRICT sum = y + r * w.n_cols;
    for (i64 j = 0; j < w.n_cols; ++j) sum[j] = epilogue.bias[j];
    for (i64 e = x.row_start[r]; e < x.row_start[r + 1]; ++e) {
      const T v = x.value[e];
      const i64 end = w.row_start[x.column[e] + 1];
      for (i64 f = w.row_start[x.column[e]]; f < end; ++f) sum[w.column[f]] += v * w.value[f];
    }
    finish(sum, w.n_cols, epilogue);
  }
}

}  // namespace prunus::PRUNUS_TARGET
