// Compressed sparse rows into all weights: row by row, or by groups of four rows.
#pragma once

#include "pack/csr.h"
#include "pack/stored.h"

namespace prunus {

template <class T>
struct DenseMatrix {
  i64 n_rows = 0;
  i64 n_cols = 0;
  i64 stride = 0;
  Stored<T> value;

  Dense<T> view() const { return {value.data(), stride, n_rows, n_cols}; }
  i64 n_stored() const { return n_rows * n_cols; }
  i64 bytes() const { return value.bytes(); }
};

template <class T>
struct DenseGroupMatrix {
  i64 n_rows = 0;
  i64 n_cols = 0;
  i64 tile_columns = 0;
  Stored<T> value;

  DenseGroups<T> view() const { return {value.data(), n_rows, n_cols, tile_columns}; }
  i64 n_stored() const { return value.size(); }
  i64 bytes() const { return value.bytes(); }
};

// Both O(n_rows * n_cols).
template <class T>
DenseMatrix<T> pack_rows(const CsrMatrix<T>& w, int threads);
template <class T>
DenseGroupMatrix<T> pack_groups(const CsrMatrix<T>& w, i64 tile_columns, int threads);

}  // namespace prunus
