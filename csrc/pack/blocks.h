// Compressed sparse rows into blocks of four rows and one column.
#pragma once

#include "pack/csr.h"
#include "pack/stored.h"

namespace prunus {

template <class T>
struct BlockMatrix {
  i64 n_rows = 0;
  i64 n_cols = 0;
  i64 tile_columns = 0;
  List<i64> group_start;
  Stored<u16> column;
  Stored<T> value;

  Blocks<T> view() const { return {group_start.data(), column.data(), value.data(), n_rows, n_cols, tile_columns}; }
  i64 n_stored() const { return value.size(); }
  i64 bytes() const { return value.bytes() + column.bytes() + group_start.bytes(); }
};

// How many blocks hold at least one entry. O(n_rows + n_entries).
template <class T>
i64 count_blocks(const CsrMatrix<T>& w);

// The blocks that hold an entry. tile_columns: 1 to 65536. O(n_rows * tiles + n_entries).
template <class T>
BlockMatrix<T> pack_blocks(const CsrMatrix<T>& w, i64 tile_columns, int threads);

}  // namespace prunus
