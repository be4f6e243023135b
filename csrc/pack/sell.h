// Compressed sparse rows into column-tiled sliced ELLPACK.
#pragma once

#include "pack/csr.h"
#include "pack/stored.h"

namespace prunus {

template <class T>
struct SellMatrix {
  i64 n_rows = 0;
  i64 n_cols = 0;
  i64 tile_columns = 0;
  i64 n_tiles = 0;  // of each part
  List<SellTile> tile;
  List<SellSlice> slice;
  Stored<u16> offset;  // in the end followed by a pair of entries for each row of a slice: kernels read ahead
  Stored<T> value;     // beside offset

  Sell<T> view() const {
    return {tile.data(), slice.data(), offset.data(), value.data(), n_rows, n_cols, tile_columns, n_tiles};
  }
  i64 n_stored() const { return value.size() - 2 * kSliceRows; }
  i64 bytes() const { return n_stored() * static_cast<i64>(sizeof(T) + sizeof(u16)) + slice.bytes() + tile.bytes(); }
};

// tile_columns: from 1 to 65536. O(n_rows * n_tiles + n_entries). Throws std::invalid_argument if tile_columns is out
// of its range.
template <class T>
SellMatrix<T> pack_sell(const CsrMatrix<T>& w, i64 tile_columns, int threads);

}  // namespace prunus
