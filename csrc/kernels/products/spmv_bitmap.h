// Weights marked by bits times samples as they come: the weights that there are get expanded into vectors of columns,
// and meet vectors of activations. Nothing is gathered, and no weight has a column that is stored.
#pragma once

#include "kernels/products/activation.h"
#include "kernels/products/block_rows.h"
#include "kernels/products/lane_sums.h"
#include "simd/expand.h"

namespace prunus::PRUNUS_TARGET {

// Four rows of a tile: what is left of their bits, and where their next weights are.
template <class T>
struct BitmapRows {
  u64 bits[kBlockRows];
  const T* value[kBlockRows];
};

// `columns` (up to a vector more) of a tile times kSamples samples.
template <class T, int kSamples>
PRUNUS_INLINE void add_bitmap_tile(BitmapRows<T>& rows, i64 columns, Rows<const T> x,
                                   Vector<T> (&sum)[kSamples][kBlockRows]) {
  constexpr u64 kLaneBits = (u64{1} << kLanes<T>)-1;
  for (i64 c = 0; c < columns; c += kLanes<T>) {
    Vector<T> activations[kSamples];
    for (int s = 0; s < kSamples; ++s) activations[s] = load_unaligned(x[s] + c);
    for (int j = 0; j < kBlockRows; ++j) {
      const Vector<T> weight = expand(rows.value[j], rows.bits[j]);
      rows.value[j] += __builtin_popcountll(rows.bits[j] & kLaneBits);
      rows.bits[j] >>= kLanes<T>;
      for (int s = 0; s < kSamples; ++s) sum[s][j] = add_product<T>(sum[s][j], weight, activations[s]);
    }
  }
}

// A group times kSamples samples, without the activation. Every sum is one vector: what it is does not depend on the
// samples beside it.
template <class T, int kSamples>
PRUNUS_INLINE void dot_bitmap(const Bitmap<T>& w, i64 group, Rows<const T> x, const T* bias, Rows<T> y) {
  Vector<T> sum[kSamples][kBlockRows];
  for (auto& of_sample : sum) {
    for (Vector<T>& v : of_sample) v = broadcast(T(0));
  }
  const i64 n_tiles = ceil_div(w.n_cols, kBitmapColumns);
  const u64* bits = w.bits + group * n_tiles * kBlockRows;
  const T* value = w.value + w.group_value[group];
  for (i64 begin = 0; begin < w.n_cols; begin += kBitmapColumns) {
    BitmapRows<T> rows;
    prefetch_ahead(bits);
    for (int j = 0; j < kBlockRows; ++j) {
      // From memory, four samples at half density: 160 us so, 220 with one line. One sample (4096 x 4096): 1.9 ms with
      // a line into L1, 2.7 into L2; 1.3 and 2.0 at 30 %.
      if constexpr (kSamples == 1) {
        prefetch_ahead_near(value);
      } else {
        for (i64 l = 0; l < 3; ++l) prefetch_ahead(value + l * (kCacheLine / static_cast<i64>(sizeof(T))));
      }
      rows.bits[j] = *bits++;
      rows.value[j] = value;
      value += __builtin_popcountll(rows.bits[j]);
    }
    if (begin + kBitmapColumns <= w.n_cols) {
      add_bitmap_tile<T, kSamples>(rows, kBitmapColumns, x.from(0, begin), sum);
    } else {
      add_bitmap_tile<T, kSamples>(rows, w.n_cols - begin, x.from(0, begin), sum);
    }
  }
  const i64 row = group * kBlockRows, n_rows = rows_left(w, row, kBlockRows);
  for (int s = 0; s < kSamples; ++s) {
    if (n_rows == kBlockRows) {
      store_sums<T, kBlockRows>(sum[s], bias + row, 1, y[s] + row, 1);
      continue;
    }
    T of_row[kBlockRows], none[kBlockRows] = {};
    store_sums<T, kBlockRows>(sum[s], none, 1, of_row, 1);
    for (i64 j = 0; j < n_rows; ++j) y[s][row + j] = of_row[j] + bias[row + j];
  }
}

// y[s, r] = activation(sum of w[r, c] * x[s, c] + bias[r]) for samples s, readable up to a whole vector, and the rows r
// of a part, not overlapping. A sample's result depends on its row of x alone. O(n_rows * n_cols * samples).
template <class T>
void spmv_bitmap(const Bitmap<T>& w, i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) noexcept {
  if constexpr (kHasExpand) {
    const i64 n = x.n;
    const Range groups = groups_of_part(w.n_rows, part);
    for (i64 g = groups.begin; g < groups.end; ++g) {
      i64 s = 0;
      // To expand the weights costs once for all that a group meets together: five at most, for their sums are in
      // registers, of which there are 32 (1024 x 512, half density, float32, one to five: 45, 50, 54, 63, 90 us on an
      // Intel Xeon; six 111, seven 130).
      const auto dot = [&](auto samples) {
        constexpr int kSamples = decltype(samples)::kCount;
        dot_bitmap<T, kSamples>(w, g, {x[s], x.stride}, epilogue.bias, y.from(s, 0));
        s += kSamples;
      };
      while (n - s > 6) dot(Count<4>{});
      if (n - s == 6) dot(Count<3>{});
      switch (n - s) {
        case 5:
          dot(Count<5>{});
          break;
        case 4:
          dot(Count<4>{});
          break;
        case 3:
          dot(Count<3>{});
          break;
        case 2:
          dot(Count<2>{});
          break;
        case 1:
          dot(Count<1>{});
          break;
        default:
          break;
      }
    }
    const Range rows = rows_of_part(w.n_rows, part);
    for (i64 s = 0; s < n; ++s) finish(y[s] + rows.begin, rows.end - rows.begin, epilogue);
  }
}

}  // namespace prunus::PRUNUS_TARGET
