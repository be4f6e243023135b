// Dense weights, in groups of four rows, times a panel of samples. Where there are 16 registers twelve sums fill them:
// what bounds the product is then how many loads there are for each multiply-add, 7 for 12 with three rows by four
// vectors, 8 for 12 with six by two (Intel Xeon, AVX2, 1024 x 1024, 32 samples: 626 us; 760 with eight sums, four rows
// by two vectors, 12 for 16).
#pragma once

#include "kernels/products/block_rows.h"
#include "kernels/products/row_sums.h"

namespace prunus::PRUNUS_TARGET {

// Columns that prefetch_ahead looks ahead.
template <class T>
constexpr i64 kAhead = kPrefetchBytes / (kBlockRows * static_cast<i64>(sizeof(T)));

// A part's columns of a tile.
template <class T>
struct DenseTile {
  Range columns;
  const T* value;  // where the weights of row 0 would be: those of each group follow those of the one before

  // The first column's weights of a row, those of the group's further rows beside them.
  PRUNUS_INLINE const T* of_row(i64 row) const {
    return value + (row / kBlockRows * (columns.end - columns.begin) * kBlockRows + row % kBlockRows);
  }
};

// One column of each strip times its activations, x. The fewer of weights and activations are kept in registers.
template <class T, int kVectors, int kStrips, int kRows>
PRUNUS_INLINE void add_column(const T* PRUNUS_RESTRICT const (&value)[kStrips], i64 offset, const T* PRUNUS_RESTRICT x,
                              Vector<T> (&sum)[kStrips][kRows][kVectors]) {
  if constexpr (kStrips * kRows >= kVectors) {
    Vector<T> activations[kVectors];
    load_feature<T>(x, activations);
    for (int i = 0; i < kStrips; ++i) add_weights<T>(value[i] + offset, activations, sum[i]);
  } else {
    Vector<T> weights[kStrips][kRows];
    for (int i = 0; i < kStrips; ++i) {
      for (int j = 0; j < kRows; ++j) weights[i][j] = broadcast(value[i][offset + j]);
    }
    for (int v = 0; v < kVectors; ++v) {
      const Vector<T> activation = load(x + v * kLanes<T>);
      for (int i = 0; i < kStrips; ++i) {
        for (int j = 0; j < kRows; ++j) sum[i][j][v] = add_product<T>(sum[i][j][v], weights[i][j], activation);
      }
    }
  }
}

template <class T>
constexpr i64 kLineColumns = kCacheLine / (kBlockRows * static_cast<i64>(sizeof(T)));

// Whole cache lines of columns, each with a prefetch of what prefetch_ahead looks for, `further` weights on; a
// comparison in the loop costs more (Intel Xeon, 1024 x 1024, 32 samples: 680 us instead of 626).
template <class T, i64 kWidth, int kVectors, int kStrips, int kRows>
PRUNUS_INLINE void add_lines(const T* PRUNUS_RESTRICT const (&value)[kStrips], Range columns, i64 further,
                             const T* PRUNUS_RESTRICT x, Vector<T> (&sum)[kStrips][kRows][kVectors]) {
  for (i64 c = columns.begin; c < columns.end; c += kLineColumns<T>) {
    for (int i = 0; i < kStrips; ++i) prefetch_ahead(value[i] + c * kBlockRows + further);
    for (i64 k = c; k < c + kLineColumns<T>; ++k) add_column<T>(value, k * kBlockRows, x + k * kWidth, sum);
  }
}

// A tile's columns of neighbouring strips from `row` on, of which x is the panel; a strip is kRows rows of one group.
// Sums begin with the bias or with what was stored for the columns before.
template <class T, i64 kWidth, int kVectors, int kStrips, int kRows>
PRUNUS_INLINE void multiply_strips(const DenseGroups<T>& w, const DenseTile<T>& tile, i64 row,
                                   const T* PRUNUS_RESTRICT x, const Epilogue<T>& epilogue, T* PRUNUS_RESTRICT y) {
  Vector<T> sum[kStrips][kRows][kVectors];
  const T* PRUNUS_RESTRICT value[kStrips];
  for (int i = 0; i < kStrips; ++i) {
    const i64 first = row + i * kRows, n_rows = rows_left(w, first, kRows);
    value[i] = tile.of_row(first);
    if (tile.columns.begin == 0) {
      start_sums<T>(n_rows, epilogue.bias + first, sum[i]);
    } else {
      resume_sums<kWidth>(n_rows, y + first * kWidth, sum[i]);
    }
  }
  const i64 n = tile.columns.end - tile.columns.begin, lines = n / kLineColumns<T> * kLineColumns<T>;
  // What follows a group's columns is the next group, of which some strips may be: there prefetches go on in the strips
  // that come next.
  constexpr i64 kGroups = (kStrips * kRows + kBlockRows - 1) / kBlockRows;
  const i64 to_next = (kGroups - 1) * n * kBlockRows;
  const i64 own = to_next == 0 ? lines : n > kAhead<T> ? (n - kAhead<T>) / kLineColumns<T> * kLineColumns<T> : 0;
  add_lines<T, kWidth>(value, {0, own}, 0, x, sum);
  add_lines<T, kWidth>(value, {own, lines}, to_next, x, sum);
  for (i64 c = lines; c < n; ++c) add_column<T>(value, c * kBlockRows, x + c * kWidth, sum);
  for (int i = 0; i < kStrips; ++i) {
    const i64 first = row + i * kRows, n_rows = rows_left(w, first, kRows);
    store_sums<kWidth>(n_rows, sum[i], y + first * kWidth);
    if (tile.columns.end == w.n_cols) finish_rows<kWidth, kVectors>(n_rows, epilogue, y + first * kWidth);
  }
}

// Rows times a panel of kPanel vectors: kStrips strips at a time, the last ones fewer.
template <class T, int kPanel, int kVectors, int kStrips, int kRows>
PRUNUS_INLINE void multiply_rows(const DenseGroups<T>& w, const DenseTile<T>& tile, Range rows, const T* x,
                                 const Epilogue<T>& epilogue, T* y) {
  constexpr i64 kWidth = kPanel * kLanes<T>, kStep = kVectors * kLanes<T>;
  i64 r = rows.begin;
  for (; r + (kStrips - 1) * kRows < rows.end; r += kStrips * kRows) {
    for (i64 s = 0; s < kWidth; s += kStep) {
      multiply_strips<T, kWidth, kVectors, kStrips, kRows>(w, tile, r, x + s, epilogue, y + s);
    }
  }
  if constexpr (kStrips > 1) {
    if (r < rows.end) {
      multiply_rows<T, kPanel, kVectors, kStrips - 1, kRows>(w, tile, {r, rows.end}, x, epilogue, y);
    }
  }
}

// kVectors of kPanel are computed at a time. A function of its own, as in spmm_blocks.h.
template <class T, int kPanel, int kVectors, int kStrips, int kRows>
PRUNUS_APART void dense_part(const DenseGroups<T>& w, i64 part, Range columns, const T* x, const Epilogue<T>& epilogue,
                             T* y) {
  PRUNUS_ASSERT(columns.begin % w.tile_columns == 0);
  PRUNUS_ASSERT(columns.end == w.n_cols || columns.end % w.tile_columns == 0);
  constexpr i64 kWidth = kPanel * kLanes<T>;
  const Range rows = rows_of_part(w.n_rows, part), groups = groups_of_part(w.n_rows, part);
  i64 begin = columns.begin;
  do {
    const i64 end = begin + w.tile_columns < columns.end ? begin + w.tile_columns : columns.end;
    const i64 row_0 = before_tile(groups, w.n_cols, begin) - groups.begin * (end - begin);
    const DenseTile<T> tile = {{begin, end}, w.value + row_0 * kBlockRows};
    multiply_rows<T, kPanel, kVectors, kStrips, kRows>(w, tile, rows, x + (begin - columns.begin) * kWidth, epilogue,
                                                       y);
    begin = end;
  } while (begin < columns.end);
}

// y[r, s] = activation(sum of w[r, c] * x[c, s] + bias[r]) for the rows r of a part; panels and columns, whole tiles,
// as in spmm_sell.h. O(rows * columns * width).
template <class T>
void spmm_dense(const DenseGroups<T>& w, i64 part, Range columns, const T* x, i64 width, const Epilogue<T>& epilogue,
                T* y) noexcept {
  constexpr bool kMany = kRegisters == 32;
  switch (width / kLanes<T>) {
    case 1:
      return dense_part<T, 1, 1, 2, 4>(w, part, columns, x, epilogue, y);
    case 2:
      // Products that are not fused with sums need a register more.
      if constexpr (!kHasFma) return dense_part<T, 2, 2, 1, 4>(w, part, columns, x, epilogue, y);
      return dense_part<T, 2, 2, 3, kMany ? 4 : 2>(w, part, columns, x, epilogue, y);
    default:
      PRUNUS_ASSERT(width == 4 * kLanes<T>);
      return dense_part<T, 4, kMany ? 2 : 4, 3, kMany ? 4 : 1>(w, part, columns, x, epilogue, y);
  }
}

}  // namespace prunus::PRUNUS_TARGET
