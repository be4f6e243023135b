// Sparse matrix times one sample, entry by entry.
#pragma once

#include "kernels/activation.h"
#include "simd.h"

namespace prunus::PRUNUS_TARGET {

// kRows rows of a slice side by side: so many independent sums hide the latency of the addition. The compiler must not
// build vectors of the products, one insertion for each entry.
template <class T, int kRows>
PRUNUS_INLINE void add_scalar_rows(const SellTile& tile, const i32* row, const u16* PRUNUS_RESTRICT offset,
                                   const T* PRUNUS_RESTRICT value, i64 count, const T* PRUNUS_RESTRICT x,
                                   const Epilogue<T>& epilogue, T* PRUNUS_RESTRICT y) {
  T sum[kRows];
  for (int j = 0; j < kRows; ++j) sum[j] = tile.is_first ? epilogue.bias[row[j]] : y[row[j]];
  for (i64 e = 0; e < count; ++e) {
    for (int j = 0; j < kRows; ++j) {
      sum[j] += value[j * count + e] * x[offset[j * count + e]];
      keep_scalar(sum[j]);
    }
  }
  for (int j = 0; j < kRows; ++j) y[row[j]] = sum[j];
}

// y[r] = activation(sum of w[r, c] * x[c] + bias[r]) for the rows r of a part. x: (n_cols,); y: (n_rows,), not
// overlapping. O(entries). The same order of summation, and so the same bits, as spmm_sell.
template <class T>
void spmv_sell(const Sell<T>& w, i64 part, const T* x, const Epilogue<T>& epilogue, T* y) noexcept {
  for (i64 t = part * w.n_tiles; t < (part + 1) * w.n_tiles; ++t) {
    const SellTile& tile = w.tile[t];
    const u16* offset = w.offset + tile.first_entry;
    const T* value = w.value + tile.first_entry;
    for (i64 s = tile.first_slice; s < tile.first_slice + tile.n_slices; ++s) {
      const SellSlice& slice = w.slice[s];
      const i64 count = slice.count;
      i64 done = 0;
      for (; done + 4 <= slice.n_rows; done += 4) {
        add_scalar_rows<T, 4>(tile, slice.row + done, offset + done * count, value + done * count, count,
                              x + tile.first_column, epilogue, y);
      }
      for (; done < slice.n_rows; ++done) {
        add_scalar_rows<T, 1>(tile, slice.row + done, offset + done * count, value + done * count, count,
                              x + tile.first_column, epilogue, y);
      }
      offset += count * slice.n_rows;
      value += count * slice.n_rows;
    }
  }
  const i64 begin = part * kPartRows;
  const i64 end = begin + kPartRows < w.n_rows ? begin + kPartRows : w.n_rows;
  finish(y + begin, end - begin, epilogue);
}

}  // namespace prunus::PRUNUS_TARGET
