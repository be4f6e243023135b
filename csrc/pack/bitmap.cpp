#include "pack/bitmap.h"

namespace prunus {

template <class T>
BitmapMatrix<T> pack_bitmap(const CsrMatrix<T>& w) {
  const i64 n_groups = (w.n_rows + kBlockRows - 1) / kBlockRows;
  const i64 n_tiles = (w.n_cols + kBitmapColumns - 1) / kBitmapColumns;
  BitmapMatrix<T> matrix;
  matrix.n_rows = w.n_rows;
  matrix.n_cols = w.n_cols;
  matrix.bits.assign(static_cast<size_t>(n_groups * n_tiles * kBlockRows), 0);
  matrix.value.reserve(static_cast<size_t>(w.n_entries()));
  std::vector<i64> reached(w.row_start.begin(), w.row_start.end());
  u64* bits = matrix.bits.data();
  for (i64 g = 0; g < n_groups; ++g) {
    matrix.group_value.push_back(matrix.n_stored());
    for (i64 t = 0; t < n_tiles; ++t) {
      for (i64 r = g * kBlockRows; r < (g + 1) * kBlockRows; ++r, ++bits) {
        if (r >= w.n_rows) continue;
        for (i64& e = reached[static_cast<size_t>(r)]; e < w.row_start[static_cast<size_t>(r) + 1]; ++e) {
          const i64 column = w.column[static_cast<size_t>(e)] - t * kBitmapColumns;
          if (column >= kBitmapColumns) break;
          *bits |= u64{1} << column;
          matrix.value.push_back(w.value[static_cast<size_t>(e)]);
        }
      }
    }
  }
  return matrix;
}

template BitmapMatrix<float> pack_bitmap(const CsrMatrix<float>&);
template BitmapMatrix<double> pack_bitmap(const CsrMatrix<double>&);

}  // namespace prunus
