// Compressed sparse rows into bits and weights.
#pragma once

#include "pack/csr.h"
#include "pack/stored.h"

namespace prunus {

template <class T>
struct BitmapMatrix {
  i64 n_rows = 0;
  i64 n_cols = 0;
  Stored<u64> bits;
  Stored<T> value;
  List<i64> group_value;

  Bitmap<T> view() const { return {bits.data(), value.data(), group_value.data(), n_rows, n_cols}; }
  i64 n_stored() const { return value.size(); }
  i64 bytes() const { return value.bytes() + bits.bytes() + group_value.bytes(); }
};

// O(n_rows * n_cols / 64 + n_entries).
template <class T>
BitmapMatrix<T> pack_bitmap(const CsrMatrix<T>& w, int threads);

}  // namespace prunus
