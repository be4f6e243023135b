// Where the groups of four rows of a part are, and their blocks.
#pragma once

#include "formats.h"

namespace prunus::PRUNUS_TARGET {

// Where the blocks of a part's groups begin in a tile, and those of the last one end.
template <class T>
PRUNUS_INLINE const i64* starts_in(const Blocks<T>& w, Range groups, i64 tile) {
  return w.group_start + before_tile(groups, count_tiles(w.n_cols, w.tile_columns), tile);
}

// How many of the n rows from `row` on the matrix has.
template <class M>
PRUNUS_INLINE i64 rows_left(const M& w, i64 row, i64 n) {
  return row + n <= w.n_rows ? n : w.n_rows - row;
}

}  // namespace prunus::PRUNUS_TARGET
