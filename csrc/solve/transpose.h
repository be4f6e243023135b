// Copies of matrices with rows and columns exchanged.
#pragma once

#include <algorithm>

#include "base.h"

namespace prunus {

// to[j, i] = from[i, j], rows of either so far apart; in tiles, so that each cache line is fetched once. Nothing may
// overlap, but for a part of one matrix that lies on the other side of its diagonal.
inline void transpose(const double* from, i64 from_stride, i64 n_rows, i64 n_cols, double* to, i64 to_stride) {
  constexpr i64 kTile = 8;  // doubles of a cache line
  for (i64 i0 = 0; i0 < n_rows; i0 += kTile) {
    const i64 i1 = std::min(i0 + kTile, n_rows);
    for (i64 j0 = 0; j0 < n_cols; j0 += kTile) {
      const i64 j1 = std::min(j0 + kTile, n_cols);
      for (i64 j = j0; j < j1; ++j) {
        for (i64 i = i0; i < i1; ++i) to[j * to_stride + i] = from[i * from_stride + j];
      }
    }
  }
}

// Makes a matrix symmetric, of which rows and columns up to n and the elements on and above the diagonal count.
inline void mirror(double* a, i64 stride, i64 n) {
  constexpr i64 kTile = 8;
  for (i64 i0 = 0; i0 < n; i0 += kTile) {
    const i64 i1 = std::min(i0 + kTile, n);
    for (i64 j = i0; j < i1; ++j) {
      for (i64 i = i0; i < j; ++i) a[j * stride + i] = a[i * stride + j];
    }
    transpose(a + i0 * stride + i1, stride, i1 - i0, n - i1, a + i1 * stride + i0, stride);
  }
}

}  // namespace prunus
