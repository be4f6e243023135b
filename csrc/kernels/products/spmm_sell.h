// Sparse matrix times a panel of samples.
//
// A panel holds a tile of the batch feature by feature, [feature][width], so that one entry of the matrix meets a run
// of neighbouring samples: a broadcast and a few fused multiply-adds, no gather. Width is a multiple of the target's
// lanes. A tile of columns meets the part of the panel that stays in L1.
#pragma once

#include "kernels/products/activation.h"
#include "simd/quads.h"

namespace prunus::PRUNUS_TARGET {

// So many sums are in flight: two fused multiply-add units with a latency of four cycles.
constexpr int kChains = 8;

// A pair of entries for each of kRows rows, in registers: two rows' offsets in one, a quad of weights for two rows (one
// for double). Loads compete with those of the activations, whatever their size (Zen 3, four vectors, half of the
// weights kept: 2.89 cycles an entry with a load for each offset, 2.73 so).
template <class T, int kRows>
struct Pairs {
  static constexpr int kQuads = 2 * kRows / static_cast<int>(kQuad<T>);
  u64 offsets[kRows / 2];
  Vector<T> weights[kQuads];

  PRUNUS_INLINE void load(const u16* offset, const T* value) {
    for (int j = 0; j < kRows / 2; ++j) __builtin_memcpy(&offsets[j], offset + 4 * j, sizeof offsets[j]);
    for (int q = 0; q < kQuads; ++q) weights[q] = load_quad(value + q * kQuad<T>);
  }
};

// Number k of four offsets, times kWidth.
template <int k, i64 kWidth>
PRUNUS_INLINE i64 take_offset(u64 offsets) {
  return static_cast<i64>(offsets >> (16 * k) & 0xFFFF) * kWidth;
}

// sums += weight * activations. The quad holds the weight in place i.
template <int i, class T, int kVectors>
PRUNUS_INLINE void add_entry(Vector<T> quad, const T* feature, Vector<T> (&sum)[kVectors]) {
  const Vector<T> weight = splat<i>(quad);
  for (int v = 0; v < kVectors; ++v) sum[v] = add_product<T>(sum[v], weight, load(feature + v * kLanes<T>));
}

template <class T, int kVectors, int kRows>
PRUNUS_INLINE void add_pairs(const Pairs<T, kRows>& pairs, const T* x, Vector<T> (&sum)[kRows][kVectors]) {
  constexpr i64 kWidth = kVectors * kLanes<T>;
  constexpr bool kTwoRows = kQuad<T> == 4;  // in a quad
  constexpr int k = kTwoRows ? 2 : 0;
  for (int j = 0; j < kRows; j += 2) {
    const u64 offsets = pairs.offsets[j / 2];
    const Vector<T> first = pairs.weights[kTwoRows ? j / 2 : j];
    const Vector<T> second = kTwoRows ? first : pairs.weights[j + 1];
    add_entry<0, T>(first, x + take_offset<0, kWidth>(offsets), sum[j]);
    add_entry<k, T>(second, x + take_offset<2, kWidth>(offsets), sum[j + 1]);
    add_entry<1, T>(first, x + take_offset<1, kWidth>(offsets), sum[j]);
    add_entry<k + 1, T>(second, x + take_offset<3, kWidth>(offsets), sum[j + 1]);
  }
}

// All pairs of kRows rows. Where registers allow, a pair is loaded while the one before it is added: the processor
// takes the oldest loads first, and those of activations would keep the next offsets waiting (Zen 3, two vectors: 2.25
// cycles an entry, 1.57 so). The last pair of all is followed by zeros.
template <class T, int kVectors, int kRows>
PRUNUS_INLINE void add_entries(const u16* PRUNUS_RESTRICT offset, const T* PRUNUS_RESTRICT value, i64 count,
                               const T* PRUNUS_RESTRICT x, Vector<T> (&sum)[kRows][kVectors]) {
  constexpr bool kAhead = kVectors * kQuad<T> >= 8;
  Pairs<T, kRows> pairs;
  if constexpr (kAhead) {
    pairs.load(offset, value);
    for (i64 e = 2; e <= count; e += 2) {
      Pairs<T, kRows> next;
      next.load(offset + e * kSliceRows, value + e * kSliceRows);
      add_pairs(pairs, x, sum);
      pairs = next;
    }
  } else {
    for (i64 e = 0; e < count; e += 2) {
      pairs.load(offset + e * kSliceRows, value + e * kSliceRows);
      add_pairs(pairs, x, sum);
    }
  }
}

// kRows rows of a slice, of which there are n_rows, with `count` entries each. Loops over the sums do nothing else, so
// that all are unrolled and the sums stay in registers.
template <class T, int kVectors, int kRows>
PRUNUS_INLINE void add_rows(bool is_first, bool is_last, const i32* row, i64 n_rows, const u16* PRUNUS_RESTRICT offset,
                            const T* PRUNUS_RESTRICT value, i64 count, const T* PRUNUS_RESTRICT x,
                            const Epilogue<T>& epilogue, const T* sums, T* to) {
  constexpr i64 width = kVectors * kLanes<T>;
  Vector<T> sum[kRows][kVectors];
  for (int j = 0; j < kRows; ++j) {
    for (int v = 0; v < kVectors; ++v) {
      sum[j][v] = is_first ? broadcast(epilogue.bias[row[j]]) : load(sums + row[j] * width + v * kLanes<T>);
    }
  }
  add_entries<T, kVectors, kRows>(offset, value, count, x, sum);
  if (is_last && epilogue.activation == Activation::relu) {
    for (int j = 0; j < kRows; ++j) {
      for (int v = 0; v < kVectors; ++v) sum[j][v] = rectify<T>(sum[j][v]);
    }
  }
  // Backwards: rows that there are not repeat the last one, which is stored after them.
  for (int j = kRows - 1; j >= 0; --j) {
    for (int v = 0; v < kVectors; ++v) store(to + row[j] * width + v * kLanes<T>, sum[j][v]);
  }
  if (is_last && !is_simple(epilogue.activation)) {
    for (i64 j = 0; j < kRows && j < n_rows; ++j) {
      activate(to + row[j] * width, width, epilogue.activation, epilogue.negative_slope);
    }
  }
}

// The processor foresees the weights, but too late where few samples use each of them, and with four vectors where
// slices are long (three layers of 1024 x 1024, 512 samples: 23.6 ms instead of 25.9 at half density; at a tenth 5.7
// instead of 5.5).
constexpr i32 kLongSlice = 48;

template <class T>
PRUNUS_INLINE void prefetch_weights(const u16* offset, const T* value, i64 n_entries) {
  constexpr i64 kValues = kCacheLine / static_cast<i64>(sizeof(T)), kOffsets = kCacheLine / 2;
  for (i64 e = 0; e < n_entries; e += kValues) prefetch_ahead(value + e);
  for (i64 e = 0; e < n_entries; e += kOffsets) prefetch_ahead(offset + e);
}

template <class T, int kVectors>
void spmm_sell_width(const Sell<T>& w, i64 part, Range columns, const T* x, const Epilogue<T>& epilogue, T* sums,
                     T* y) noexcept {
  constexpr i64 width = kVectors * kLanes<T>;
  constexpr int kRows = kChains / kVectors;
  PRUNUS_ASSERT(columns.begin % w.tile_columns == 0);
  PRUNUS_ASSERT(columns.end == w.n_cols || columns.end % w.tile_columns == 0);
  const i64 end = columns.end == w.n_cols ? w.n_tiles : columns.end / w.tile_columns;
  for (i64 t = columns.begin / w.tile_columns; t < end; ++t) {
    const SellTile& tile = w.tile[part * w.n_tiles + t];
    const u16* offset = w.offset + tile.first_entry;
    const T* value = w.value + tile.first_entry;
    T* const to = t + 1 == w.n_tiles ? y : sums;
    const T* features = x + (tile.first_column - columns.begin) * width;
    for (i64 s = tile.first_slice; s < tile.first_slice + tile.n_slices; ++s) {
      const SellSlice& slice = w.slice[s];
      const i64 n_entries = slice.count * kSliceRows;
      if (kVectors < 4 || slice.count >= kLongSlice) prefetch_weights(offset, value, n_entries);
      for (i64 j = 0; j < slice.n_rows; j += kRows) {
        add_rows<T, kVectors, kRows>(t == 0, t + 1 == w.n_tiles, slice.row + j, slice.n_rows - j, offset + 2 * j,
                                     value + 2 * j, slice.count, features, epilogue, sums, to);
      }
      offset += n_entries;
      value += n_entries;
    }
  }
}

// y[r, s] = activation(sum of w[r, c] * x[c, s] + bias[r]) for the rows r of a part. y: panel (n_rows, width); x: panel
// (columns, width), whole tiles of them: sums begin with the bias at the first columns, and the activation follows the
// last ones, so that calls for all columns, in order, do the whole. In between sums, (n_rows, width) as well, has what
// there is, and y is not looked at. All aligned to a vector, none overlapping. width is 1, 2 or 4 vectors. O(entries *
// width). A sample's result depends on its row of x alone: neither on its lane nor on the width of the panel.
template <class T>
void spmm_sell(const Sell<T>& w, i64 part, Range columns, const T* x, i64 width, const Epilogue<T>& epilogue, T* sums,
               T* y) noexcept {
  switch (width / kLanes<T>) {
    case 1:
      return spmm_sell_width<T, 1>(w, part, columns, x, epilogue, sums, y);
    case 2:
      return spmm_sell_width<T, 2>(w, part, columns, x, epilogue, sums, y);
    default:
      PRUNUS_ASSERT(width == 4 * kLanes<T>);
      return spmm_sell_width<T, 4>(w, part, columns, x, epilogue, sums, y);
  }
}

}  // namespace prunus::PRUNUS_TARGET
