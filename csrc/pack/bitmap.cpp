#include "pack/bitmap.h"

#include <algorithm>

#include "pack/cursors.h"
#include "parallel.h"

namespace prunus {

template <class T>
BitmapMatrix<T> pack_bitmap(const CsrMatrix<T>& w, int threads) {
  const i64 n_groups = ceil_div(w.n_rows, kBlockRows), n_tiles = ceil_div(w.n_cols, kBitmapColumns);
  BitmapMatrix<T> matrix;
  matrix.n_rows = w.n_rows;
  matrix.n_cols = w.n_cols;
  matrix.bits.assign(n_groups * n_tiles * kBlockRows, 0);
  matrix.value.resize(w.n_entries());
  // Groups are of neighbours: what comes before one is what its first row begins with.
  for (i64 g = 0; g < n_groups; ++g) matrix.group_value.push_back(w.row_start[g * kBlockRows]);
  parallel_for(n_groups, threads_for(w.n_entries(), threads), [&](i64 g) {
    Cursors<T> rows(w, kBlockRows);
    for (i64 r = g * kBlockRows; r < std::min((g + 1) * kBlockRows, w.n_rows); ++r) rows.add(r);
    i64 to = matrix.group_value[g];
    for (i64 t = 0; t < n_tiles; ++t) {
      for (i64 i = 0; i < rows.n_rows(); ++i) {
        u64& bits = matrix.bits[(g * n_tiles + t) * kBlockRows + i];
        const Range entries = rows.take_before(i, (t + 1) * kBitmapColumns);
        for (i64 e = entries.begin; e < entries.end; ++e) {
          bits |= u64{1} << (w.column[e] - t * kBitmapColumns);
          matrix.value[to++] = w.value[e];
        }
      }
    }
  });
  return matrix;
}

#define PRUNUS_PACK(T) template BitmapMatrix<T> pack_bitmap(const CsrMatrix<T>&, int);
PRUNUS_PACKED_TYPES(PRUNUS_PACK)
#undef PRUNUS_PACK

}  // namespace prunus
