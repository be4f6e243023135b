// Copies of matrices with rows and columns exchanged.
#pragma once

#include <algorithm>

#include "base.h"

namespace prunus {

// to[j, i] = from[i, j], in tiles, so that each cache line is fetched once. Nothing may overlap, but for a part of one
// matrix that lies on the other side of its diagonal.
inline void transpose(Rows<const double> from, i64 n_rows, i64 n_cols, Rows<double> to) {
  constexpr i64 kTile = 8;  // doubles of a cache line
  for (i64 i0 = 0; i0 < n_rows; i0 += kTile) {
    const i64 i1 = std::min(i0 + kTile, n_rows);
    for (i64 j0 = 0; j0 < n_cols; j0 += kTile) {
      const i64 j1 = std::min(j0 + kTile, n_cols);
      for (i64 j = j0; j < j1; ++j) {
        for (i64 i = i0; i < i1; ++i) to[j][i] = from[i][j];
      }
    }
  }
}

// Makes a matrix symmetric, of which rows and columns up to n and the elements on and above the diagonal count.
inline void mirror(Rows<double> a, i64 n) {
  constexpr i64 kTile = 8;
  for (i64 i0 = 0; i0 < n; i0 += kTile) {
    const i64 i1 = std::min(i0 + kTile, n);
    for (i64 j = i0; j < i1; ++j) {
      for (i64 i = i0; i < j; ++i) a[j][i] = a[i][j];
    }
    transpose(a.from(i0, i1), i1 - i0, n - i1, a.from(i1, i0));
  }
}

}  // namespace prunus
