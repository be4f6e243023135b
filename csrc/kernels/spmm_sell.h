// Sparse matrix times a panel of samples.
//
// A panel holds a tile of the batch feature by feature, [feature][width], so that one entry of the matrix meets a run
// of neighbouring samples: a broadcast and a few fused multiply-adds, no gather. Width is a multiple of the target's
// lanes. A tile of columns meets the part of the panel that stays in L1.
#pragma once

#include "kernels/activation.h"
#include "simd.h"

namespace prunus::PRUNUS_TARGET {

// So many sums are in flight: two fused multiply-add units with a latency of four cycles.
constexpr int kChains = 8;

// One entry of each of kRows rows: sums += weight * activations. `weight[j]` holds it in place i of every quad.
template <int i, class T, int kVectors, int kRows>
PRUNUS_INLINE void add_entry(const Vector<T> (&weight)[kRows], const u16* offset, i64 count, const T* x,
                             Vector<T> (&sum)[kRows][kVectors]) {
  for (int j = 0; j < kRows; ++j) {
    const Vector<T> w = splat<i>(weight[j]);
    const T* feature = x + offset[j * count + i] * (kVectors * kLanes<T>);
    for (int v = 0; v < kVectors; ++v) sum[j][v] += w * load(feature + v * kLanes<T>);
  }
}

// kRows rows of a slice, with `count` entries each.
template <class T, int kVectors, int kRows>
PRUNUS_INLINE void add_rows(const SellTile& tile, const i32* row, const u16* PRUNUS_RESTRICT offset,
                            const T* PRUNUS_RESTRICT value, i64 count, const T* PRUNUS_RESTRICT x,
                            const Epilogue<T>& epilogue, T* PRUNUS_RESTRICT y) {
  constexpr i64 width = kVectors * kLanes<T>;
  Vector<T> sum[kRows][kVectors];
  for (int j = 0; j < kRows; ++j) {
    for (int v = 0; v < kVectors; ++v) {
      sum[j][v] = tile.is_first ? broadcast(epilogue.bias[row[j]]) : load(y + row[j] * width + v * kLanes<T>);
    }
  }
  i64 e = 0;
  for (; e + kQuad<T> <= count; e += kQuad<T>) {
    Vector<T> weight[kRows];
    for (int j = 0; j < kRows; ++j) weight[j] = load_quad(value + j * count + e);
    add_entry<0, T>(weight, offset + e, count, x, sum);
    add_entry<1, T>(weight, offset + e, count, x, sum);
    if constexpr (kQuad<T> == 4) {
      add_entry<2, T>(weight, offset + e, count, x, sum);
      add_entry<3, T>(weight, offset + e, count, x, sum);
    }
  }
  for (; e < count; ++e) {
    Vector<T> weight[kRows];
    for (int j = 0; j < kRows; ++j) weight[j] = broadcast(value[j * count + e]);
    add_entry<0, T>(weight, offset + e, count, x, sum);
  }
  for (int j = 0; j < kRows; ++j) {
    T* out = y + row[j] * width;
    for (int v = 0; v < kVectors; ++v) store(out + v * kLanes<T>, sum[j][v]);
    if (tile.is_last) finish(out, width, epilogue);
  }
}

// The rows of a slice from `done` on: as many at a time as keep kChains sums in flight, then half as many, ...
template <class T, int kVectors, int kRows>
PRUNUS_INLINE void add_slice(const SellTile& tile, const SellSlice& slice, i64 done, const u16* offset, const T* value,
                             const T* x, const Epilogue<T>& epilogue, T* y) {
  const i64 count = slice.count;
  for (; done + kRows <= slice.n_rows; done += kRows) {
    add_rows<T, kVectors, kRows>(tile, slice.row + done, offset + done * count, value + done * count, count, x,
                                 epilogue, y);
  }
  if constexpr (kRows > 1) {
    if (done < slice.n_rows) {
      add_slice<T, kVectors, kRows / 2>(tile, slice, done, offset, value, x, epilogue, y);
    }
  }
}

template <class T, int kVectors>
void spmm_sell_width(const Sell<T>& w, i64 part, const T* x, const Epilogue<T>& epilogue, T* y) noexcept {
  constexpr i64 width = kVectors * kLanes<T>;
  for (i64 t = part * w.n_tiles; t < (part + 1) * w.n_tiles; ++t) {
    const SellTile& tile = w.tile[t];
    const u16* offset = w.offset + tile.first_entry;
    const T* value = w.value + tile.first_entry;
    const T* features = x + tile.first_column * width;
    for (i64 s = tile.first_slice; s < tile.first_slice + tile.n_slices; ++s) {
      const SellSlice& slice = w.slice[s];
      // Where the next rows are is known here and nowhere in the hardware.
      for (int j = 0; j < kSliceRows; ++j) {
        const char* next = reinterpret_cast<const char*>(y + w.slice[s + 1].row[j] * width);
        for (i64 b = 0; b < width * static_cast<i64>(sizeof(T)); b += kCacheLine) __builtin_prefetch(next + b, 1);
      }
      add_slice<T, kVectors, kChains / kVectors>(tile, slice, 0, offset, value, features, epilogue, y);
      offset += slice.count * slice.n_rows;
      value += slice.count * slice.n_rows;
    }
  }
}

// y[r, s] = activation(sum of w[r, c] * x[c, s] + bias[r]) for the rows r of a part. x: panel (n_cols, width); y: panel
// (n_rows, width); both aligned to a vector, not overlapping. width is 1, 2 or 4 vectors. O(entries * width). A
// sample's result depends on its row of x alone: neither on its lane nor on the width of the panel.
template <class T>
void spmm_sell(const Sell<T>& w, i64 part, const T* x, i64 width, const Epilogue<T>& epilogue, T* y) noexcept {
  switch (width / kLanes<T>) {
    case 1:
      return spmm_sell_width<T, 1>(w, part, x, epilogue, y);
    case 2:
      return spmm_sell_width<T, 2>(w, part, x, epilogue, y);
    default:
      PRUNUS_ASSERT(width == 4 * kLanes<T>);
      return spmm_sell_width<T, 4>(w, part, x, epilogue, y);
  }
}

}  // namespace prunus::PRUNUS_TARGET
