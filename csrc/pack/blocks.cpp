#include "pack/blocks.h"

#include <algorithm>

#include "parallel.h"

namespace prunus {
namespace {

// Calls f(column, row in the group, entry) for the entries of a group of rows, by ascending column.
template <class T, class F>
void walk_group(const CsrMatrix<T>& w, i64 group, F&& f) {
  const i64 first = group * kBlockRows;
  const i64 n_rows = std::min(kBlockRows, w.n_rows - first);
  i64 reached[kBlockRows];
  for (i64 j = 0; j < n_rows; ++j) reached[j] = w.row_start[static_cast<size_t>(first + j)];
  for (;;) {
    i64 column = w.n_cols;
    for (i64 j = 0; j < n_rows; ++j) {
      if (reached[j] == w.row_start[static_cast<size_t>(first + j) + 1]) continue;
      column = std::min<i64>(column, w.column[static_cast<size_t>(reached[j])]);
    }
    if (column == w.n_cols) return;
    for (i64 j = 0; j < n_rows; ++j) {
      i64& e = reached[j];
      if (e < w.row_start[static_cast<size_t>(first + j) + 1] && w.column[static_cast<size_t>(e)] == column) {
        f(column, j, e++);
      }
    }
  }
}

i64 groups_of(i64 n_rows) { return (n_rows + kBlockRows - 1) / kBlockRows; }

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
    return static_cast<size_t>(before_tile(groups, n_tiles, tile) + group - groups.begin);
  };
  std::vector<i64>& start = matrix.group_start;
  start.assign(static_cast<size_t>(n_groups * n_tiles) + 1, 0);
  parallel_for(n_groups, threads, [&](i64 g) {
    i64 last = -1;
    walk_group(w, g, [&](i64 column, i64, i64) {
      start[place(g, column / tile_columns) + 1] += column != last;
      last = column;
    });
  });
  for (size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
  const size_t n_blocks = static_cast<size_t>(start.back());
  matrix.column.resize(n_blocks + 2, 0);  // kernels read ahead
  matrix.value.assign(n_blocks * kBlockRows, T(0));
  parallel_for(n_groups, threads, [&](i64 g) {
    i64 block = 0, last = -1;
    walk_group(w, g, [&](i64 column, i64 row, i64 entry) {
      if (column != last) {
        const i64 tile = column / tile_columns;
        block = last < tile * tile_columns ? start[place(g, tile)] : block + 1;
        matrix.column[static_cast<size_t>(block)] = static_cast<u16>(column - tile * tile_columns);
        last = column;
      }
      matrix.value[static_cast<size_t>(block * kBlockRows + row)] = w.value[static_cast<size_t>(entry)];
    });
  });
  return matrix;
}

template i64 count_blocks(const CsrMatrix<float>&);
template i64 count_blocks(const CsrMatrix<double>&);
template BlockMatrix<float> pack_blocks(const CsrMatrix<float>&, i64, int);
template BlockMatrix<double> pack_blocks(const CsrMatrix<double>&, i64, int);

}  // namespace prunus
