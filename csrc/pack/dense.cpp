#include "pack/dense.h"

namespace prunus {

template <class T>
DenseMatrix<T> pack_rows(const CsrMatrix<T>& w) {
  constexpr i64 kLine = kCacheLine / static_cast<i64>(sizeof(T));
  // An odd number of lines: eight rows whose distance is a power of two would lie in one set of L1.
  const i64 lines = (w.n_cols + kLine - 1) / kLine | 1;
  DenseMatrix<T> matrix{w.n_rows, w.n_cols, lines * kLine, {}};
  matrix.value.assign(static_cast<size_t>(w.n_rows * matrix.stride), T(0));
  for (i64 r = 0; r < w.n_rows; ++r) {
    T* row = matrix.value.data() + r * matrix.stride;
    for (size_t e = static_cast<size_t>(w.row_start[static_cast<size_t>(r)]);
         e < static_cast<size_t>(w.row_start[static_cast<size_t>(r) + 1]); ++e) {
      row[w.column[e]] = w.value[e];
    }
  }
  return matrix;
}

template DenseMatrix<float> pack_rows(const CsrMatrix<float>&);
template DenseMatrix<double> pack_rows(const CsrMatrix<double>&);

}  // namespace prunus
