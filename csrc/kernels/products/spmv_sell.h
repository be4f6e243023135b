// Sparse matrix times one sample: vectors of weights meet vectors of gathered activations.
#pragma once

#include "kernels/products/activation.h"
#include "simd/quads.h"

namespace prunus::PRUNUS_TARGET {

// A slice's pairs of entries in vectors: each holds a few rows, each row in two neighbouring lanes.
template <class T>
constexpr i64 kPairVectors = 2 * kSliceRows / kLanes<T>;

// What the entries of a slice come to is added to `before`, at the rows they are of, and put at the same rows of `to`.
template <class T>
PRUNUS_INLINE void add_slice(const SellSlice& slice, const u16* PRUNUS_RESTRICT offset, const T* PRUNUS_RESTRICT value,
                             const T* PRUNUS_RESTRICT x, const T* before, T* to) {
  Vector<T> sum[kPairVectors<T>];
  for (Vector<T>& v : sum) v = broadcast(T(0));
  for (i64 e = 0; e < slice.count * kSliceRows; e += 2 * kSliceRows) {
    prefetch_ahead(value + e);
    prefetch_ahead(offset + e);
    for (i64 v = 0; v < kPairVectors<T>; ++v) {
      sum[v] += load_unaligned(value + e + v * kLanes<T>) * gather_short(x, offset + e + v * kLanes<T>);
    }
  }
  alignas(kCacheLine) T pairs[2 * kSliceRows];
  for (i64 v = 0; v < kPairVectors<T>; ++v) store(pairs + v * kLanes<T>, sum[v]);
  T total[kSliceRows];
  for (int j = 0; j < kSliceRows; ++j) {
    total[j] = before[slice.row[j]] + (pairs[2 * j] + pairs[2 * j + 1]);
  }
  // Backwards: rows that there are not repeat the last one, which is stored after them.
  for (int j = kSliceRows - 1; j >= 0; --j) to[slice.row[j]] = total[j];
}

// One sample. Between its tiles what there is of a row is kept apart from y.
template <class T>
PRUNUS_INLINE void multiply_sample(const Sell<T>& w, i64 part, const T* x, const Epilogue<T>& epilogue, T* y) {
  const Range rows = rows_of_part(w.n_rows, part);
  T sums[kPartRows];
  T* const at_row_0 = sums - rows.begin;
  for (i64 t = 0; t < w.n_tiles; ++t) {
    const SellTile& tile = w.tile[part * w.n_tiles + t];
    const u16* offset = w.offset + tile.first_entry;
    const T* value = w.value + tile.first_entry;
    for (i64 s = tile.first_slice; s < tile.first_slice + tile.n_slices; ++s) {
      const SellSlice& slice = w.slice[s];
      add_slice(slice, offset, value, x + tile.first_column, t == 0 ? epilogue.bias : at_row_0,
                t + 1 == w.n_tiles ? y : at_row_0);
      offset += slice.count * kSliceRows;
      value += slice.count * kSliceRows;
    }
  }
  finish(y + rows.begin, rows.end - rows.begin, epilogue);
}

// y[s, r] = activation(sum of w[r, c] * x[s, c] + bias[r]) for samples s and the rows r of a part, not overlapping.
// O(entries) for each sample.
template <class T>
void spmv_sell(const Sell<T>& w, i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) noexcept {
  for (i64 s = 0; s < x.n; ++s) multiply_sample(w, part, x[s], epilogue, y[s]);
}

}  // namespace prunus::PRUNUS_TARGET
