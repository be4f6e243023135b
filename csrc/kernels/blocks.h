// Which blocks a group of four rows has, and which groups a part has.
#pragma once

#include "formats.h"

namespace prunus::PRUNUS_TARGET {

template <class T>
PRUNUS_INLINE Range blocks_of(const Blocks<T>& w, i64 group) {
  return {w.group_start[group], w.group_start[group + 1]};
}

template <class M>
PRUNUS_INLINE Range groups_of(const M& w, i64 part) {
  const Range rows = rows_of_part(w.n_rows, part);
  return {rows.begin / kBlockRows, (rows.end + kBlockRows - 1) / kBlockRows};
}

// How many of the n rows from `row` on the matrix has.
template <class M>
PRUNUS_INLINE i64 rows_left(const M& w, i64 row, i64 n) {
  return row + n <= w.n_rows ? n : w.n_rows - row;
}

}  // namespace prunus::PRUNUS_TARGET
