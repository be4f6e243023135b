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

template <class T>
i64 blocks_in(const CsrMatrix<T>& w, i64 group) {
  i64 count = 0, last = -1;
  walk_group(w, group, [&](i64 column, i64, i64) {
    count += column != last;
    last = column;
  });
  return count;
}

}  // namespace

template <class T>
i64 count_blocks(const CsrMatrix<T>& w) {
  i64 count = 0;
  for (i64 g = 0; g < groups_of(w.n_rows); ++g) count += blocks_in(w, g);
  return count;
}

template <class T>
BlockMatrix<T> pack_blocks(const CsrMatrix<T>& w, int threads) {
  BlockMatrix<T> matrix;
  matrix.n_rows = w.n_rows;
  matrix.n_cols = w.n_cols;
  const i64 n_groups = groups_of(w.n_rows);
  matrix.group_start.assign(static_cast<size_t>(n_groups) + 1, 0);
  parallel_for(n_groups, threads, [&](i64 g) { matrix.group_start[static_cast<size_t>(g) + 1] = blocks_in(w, g); });
  for (size_t g = 1; g < matrix.group_start.size(); ++g) matrix.group_start[g] += matrix.group_start[g - 1];
  const size_t n_blocks = static_cast<size_t>(matrix.group_start.back());
  matrix.column.resize(n_blocks + 2, 0);  // kernels read ahead
  matrix.value.assign(n_blocks * kBlockRows, T(0));
  parallel_for(n_groups, threads, [&](i64 g) {
    i64 block = matrix.group_start[static_cast<size_t>(g)] - 1, last = -1;
    walk_group(w, g, [&](i64 column, i64 row, i64 entry) {
      if (column != last) {
        matrix.column[static_cast<size_t>(++block)] = static_cast<i32>(column);
        last = column;
      }
      matrix.value[static_cast<size_t>(block * kBlockRows + row)] = w.value[static_cast<size_t>(entry)];
    });
  });
  return matrix;
}

template i64 count_blocks(const CsrMatrix<float>&);
template i64 count_blocks(const CsrMatrix<double>&);
template BlockMatrix<float> pack_blocks(const CsrMatrix<float>&, int);
template BlockMatrix<double> pack_blocks(const CsrMatrix<double>&, int);

}  // namespace prunus
