#include "pack/dense.h"

#include <algorithm>

#include "pack/cursors.h"
#include "parallel.h"

namespace prunus {

template <class T>
DenseMatrix<T> pack_rows(const CsrMatrix<T>& w, int threads) {
  constexpr i64 kLine = kCacheLine / static_cast<i64>(sizeof(T));
  // An odd number of lines: eight rows whose distance is a power of two would lie in one set of L1.
  const i64 lines = ceil_div(w.n_cols, kLine) | 1;
  DenseMatrix<T> matrix{w.n_rows, w.n_cols, lines * kLine, {}};
  matrix.value.assign(w.n_rows * matrix.stride, T(0));
  const i64 n_parts = prunus::n_parts(w.n_rows);
  parallel_for(n_parts, threads_for(w.n_entries(), threads), [&](i64 part) {
    for_each_entry(w, rows_of_part(w.n_rows, part),
                   [&](i64 r, i64 c, T value) { matrix.value[r * matrix.stride + c] = value; });
  });
  return matrix;
}

template <class T>
DenseGroupMatrix<T> pack_groups(const CsrMatrix<T>& w, i64 tile_columns, int threads) {
  DenseGroupMatrix<T> matrix{w.n_rows, w.n_cols, tile_columns, {}};
  const i64 n_groups = ceil_div(w.n_rows, kBlockRows);
  matrix.value.assign(n_groups * w.n_cols * kBlockRows, T(0));
  parallel_for(n_groups, threads_for(w.n_entries(), threads), [&](i64 group) {
    const Range groups = groups_of_part(w.n_rows, group * kBlockRows / kPartRows);
    Cursors<T> rows(w, kBlockRows);
    for (i64 r = group * kBlockRows; r < std::min((group + 1) * kBlockRows, w.n_rows); ++r) rows.add(r);
    for (i64 begin = 0; begin < w.n_cols; begin += tile_columns) {
      const i64 n = std::min(tile_columns, w.n_cols - begin);
      T* const to = matrix.value.data() +
                    (before_tile(groups, w.n_cols, begin) + (group - groups.begin) * n - begin) * kBlockRows;
      for (i64 i = 0; i < rows.n_rows(); ++i) {
        const Range entries = rows.take_before(i, begin + n);
        for (i64 e = entries.begin; e < entries.end; ++e) to[w.column[e] * kBlockRows + i] = w.value[e];
      }
    }
  });
  return matrix;
}

#define PRUNUS_PACK(T)                                         \
  template DenseMatrix<T> pack_rows(const CsrMatrix<T>&, int); \
  template DenseGroupMatrix<T> pack_groups(const CsrMatrix<T>&, i64, int);
PRUNUS_PACKED_TYPES(PRUNUS_PACK)
#undef PRUNUS_PACK

}  // namespace prunus
