#include "pack/dense.h"

#include <algorithm>

namespace prunus {

template <class T>
DenseMatrix<T> pack_rows(const CsrMatrix<T>& w) {
  constexpr i64 kLine = kCacheLine / static_cast<i64>(sizeof(T));
  // An odd number of lines: eight rows whose distance is a power of two would lie in one set of L1.
  const i64 lines = (w.n_cols + kLine - 1) / kLine | 1;
  DenseMatrix<T> matrix{w.n_rows, w.n_cols, lines * kLine, {}};
  matrix.value.assign(static_cast<size_t>(w.n_rows * matrix.stride), T(0));
  for_each_entry(w, [&](i64 r, i64 c, T value) { matrix.value[static_cast<size_t>(r * matrix.stride + c)] = value; });
  return matrix;
}

template <class T>
DenseGroupMatrix<T> pack_groups(const CsrMatrix<T>& w, i64 tile_columns) {
  DenseGroupMatrix<T> matrix{w.n_rows, w.n_cols, tile_columns, {}};
  const i64 n_groups = (w.n_rows + kBlockRows - 1) / kBlockRows;
  matrix.value.assign(static_cast<size_t>(n_groups * w.n_cols * kBlockRows), T(0));
  for_each_entry(w, [&](i64 r, i64 c, T value) {
    const Range groups = groups_of_part(w.n_rows, r / kPartRows);
    const i64 begin = c / tile_columns * tile_columns, n = std::min(tile_columns, w.n_cols - begin);
    const i64 column = before_tile(groups, w.n_cols, begin) + (r / kBlockRows - groups.begin) * n + c - begin;
    matrix.value[static_cast<size_t>(column * kBlockRows + r % kBlockRows)] = value;
  });
  return matrix;
}

template DenseMatrix<float> pack_rows(const CsrMatrix<float>&);
template DenseMatrix<double> pack_rows(const CsrMatrix<double>&);

template DenseGroupMatrix<float> pack_groups(const CsrMatrix<float>&, i64);
template DenseGroupMatrix<double> pack_groups(const CsrMatrix<double>&, i64);

}  // namespace prunus
