#include "pack/blocks.h"

#include <algorithm>

#include "pack/cursors.h"
#include "parallel.h"

namespace prunus {
namespace {

// Calls f(column, row in the group, entry) for the entries of a group of rows, by ascending column.
template <class T, class F>
void walk_group(const CsrMatrix<T>& w, i64 group, F&& f) {
  Cursors<T> rows(w, kBlockRows);
  for (i64 r = group * kBlockRows; r < std::min((group + 1) * kBlockRows, w.n_rows); ++r) rows.add(r);
  for (;;) {
    i64 column = w.n_cols;
    for (i64 i = 0; i < rows.n_rows(); ++i) column = std::min(column, rows.column(i));
    if (column == w.n_cols) return;
    for (i64 i = 0; i < rows.n_rows(); ++i) {
      if (rows.column(i) == column) f(column, i, rows.take(i));
    }
  }
}

i64 groups_of(i64 n_rows) { return ceil_div(n_rows, kBlockRows); }

}  // namespace

template <class T>
i64 count_blocks(const CsrMatrix<T>& w) {
  i64 count = 0;
  for (i64 g = 0; g < groups_of(w.n_rows); ++g) {
    i64 last = -1;
    walk_group(w, g, [&](i64 column, i64, i64) {
      count += column != last;
      last = column;
    });
  }
  return count;
}

template <class T>
BlockMatrix<T> pack_blocks(const CsrMatrix<T>& w, i64 tile_columns, int threads) {
  BlockMatrix<T> matrix;
  matrix.n_rows = w.n_rows;
  matrix.n_cols = w.n_cols;
  matrix.tile_columns = tile_columns;
  const i64 n_groups = groups_of(w.n_rows), n_tiles = count_tiles(w.n_cols, tile_columns);
  // Of a group's blocks in a tile, the place in group_start.
  const auto place = [&](i64 group, i64 tile) {
    const Range groups = groups_of_part(w.n_rows, group * kBlockRows / kPartRows);
    return before_tile(groups, n_tiles, tile) + group - groups.begin;
  };
  List<i64>& start = matrix.group_start;
  start.assign(n_groups * n_tiles + 1, 0);
  // Calls f(tile, column within it, is_new, row, entry): is_new with the first entry of each block.
  const auto walk_tiles = [&](i64 group, auto&& f) {
    i64 tile = 0, last = -1;
    walk_group(w, group, [&](i64 column, i64 row, i64 entry) {
      while (column >= (tile + 1) * tile_columns) ++tile;
      f(tile, column - tile * tile_columns, column != last, row, entry);
      last = column;
    });
  };
  parallel_for(n_groups, threads, [&](i64 g) {
    walk_tiles(g, [&](i64 tile, i64, bool is_new, i64, i64) { start[place(g, tile) + 1] += is_new; });
  });
  for (i64 i = 1; i < start.size(); ++i) start[i] += start[i - 1];
  const i64 n_blocks = start.back();
  matrix.column.resize(n_blocks + 2, 0);  // kernels read ahead
  matrix.value.assign(n_blocks * kBlockRows, T(0));
  parallel_for(n_groups, threads, [&](i64 g) {
    i64 block = -1, last_tile = -1;
    walk_tiles(g, [&](i64 tile, i64 column, bool is_new, i64 row, i64 entry) {
      if (is_new) {
        block = tile == last_tile ? block + 1 : start[place(g, tile)];
        matrix.column[block] = static_cast<u16>(column);
        last_tile = tile;
      }
      matrix.value[block * kBlockRows + row] = w.value[entry];
    });
  });
  return matrix;
}

template i64 count_blocks(const CsrMatrix<float>&);
template i64 count_blocks(const CsrMatrix<double>&);
#define PRUNUS_PACK(T) template BlockMatrix<T> pack_blocks(const CsrMatrix<T>&, i64, int);
PRUNUS_PACKED_TYPES(PRUNUS_PACK)
#undef PRUNUS_PACK

}  // namespace prunus
