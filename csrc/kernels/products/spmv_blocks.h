// Blocks of four rows and one column times one sample.
#pragma once

#include "kernels/products/activation.h"
#include "kernels/products/block_rows.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

template <class T>
struct FourRows {
  typedef T type __attribute__((vector_size(kBlockRows * sizeof(T))));
};

// Blocks of one group in a tile, whose activations x are. What they are added to is the bias in the first tile, what
// the one before has stored in the others.
template <class T>
PRUNUS_INLINE void add_group(const Blocks<T>& w, Range blocks, i64 n_rows, const T* PRUNUS_RESTRICT x, const T* before,
                             T* y) {
  using Four = typename FourRows<T>::type;
  constexpr int kSums = 4;  // in flight
  Four sum[kSums] = {};
  const auto add = [&](Four& to, i64 b) {
    Four value;
    __builtin_memcpy(&value, w.value + b * kBlockRows, sizeof value);
    to += value * x[w.column[b]];
  };
  i64 b = blocks.begin;
  for (; b + kSums <= blocks.end; b += kSums) {
    for (int i = 0; i < kSums; ++i) add(sum[i], b + i);
  }
  for (; b < blocks.end; ++b) add(sum[0], b);
  sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  if (n_rows == kBlockRows) {
    Four all;
    __builtin_memcpy(&all, before, sizeof all);
    all += sum[0];
    __builtin_memcpy(y, &all, sizeof all);
  } else {
    for (i64 j = 0; j < n_rows; ++j) y[j] = sum[0][j] + before[j];
  }
}

// One sample. Between its tiles what there is of a row is kept apart from y.
template <class T>
PRUNUS_INLINE void multiply_sample(const Blocks<T>& w, i64 part, const T* x, const Epilogue<T>& epilogue, T* y) {
  const Range rows = rows_of_part(w.n_rows, part);
  T sums[kPartRows];
  T* const at_row_0 = sums - rows.begin;
  const Range groups = groups_of_part(w.n_rows, part);
  const i64 n_tiles = count_tiles(w.n_cols, w.tile_columns);
  for (i64 t = 0; t < n_tiles; ++t) {
    const i64* start = starts_in(w, groups, t);
    const T* const before = t == 0 ? epilogue.bias : at_row_0;
    T* const to = t + 1 == n_tiles ? y : at_row_0;
    for (i64 g = groups.begin; g < groups.end; ++g, ++start) {
      const i64 row = g * kBlockRows, n_rows = rows_left(w, row, kBlockRows);
      add_group(w, {start[0], start[1]}, n_rows, x + t * w.tile_columns, before + row, to + row);
    }
  }
  finish(y + rows.begin, rows.end - rows.begin, epilogue);
}

// y[s, r] = activation(sum of w[r, c] * x[s, c] + bias[r]) for samples s and the rows r of a part, not overlapping.
// O(4 * blocks) for each sample.
template <class T>
void spmv_blocks(const Blocks<T>& w, i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) noexcept {
  for (i64 s = 0; s < x.n; ++s) multiply_sample(w, part, x[s], epilogue, y[s]);
}

}  // namespace prunus::PRUNUS_TARGET
