// Dense weights, in groups of four rows, times a panel of samples. Where there are 16 registers twelve sums fill them:
// what bounds the product is then how many loads there are for each multiply-add, 7 for 12 with three rows by four
// vectors, 8 for 12 with six by two (Intel Xeon, AVX2, 1024 x 1024, 32 samples: 626 us; 760 with eight sums, four rows
// by two vectors, 12 for 16).
#pragma once

#include "kernels/products/block_rows.h"
#include "kernels/products/row_sums.h"

namespace prunus::PRUNUS_TARGET {

// Columns that prefetch_ahead looks ahead.
template <class W>
constexpr i64 kAhead = kPrefetchBytes / (kBlockRows * static_cast<i64>(sizeof(W)));

// A part's columns of a tile.
template <class W>
struct DenseTile {
  Range columns;
  const W* value;  // where the weights of row 0 would be: those of each group follow those of the one before

  // The first column's weights of a row, those of the group's further rows beside them.
  PRUNUS_INLINE const W* of_row(i64 row) const {
    return value + (row / kBlockRows * (columns.end - columns.begin) * kBlockRows + row % kBlockRows);
  }
};

// One column of each strip times its activations, x. The fewer of weights and activations are kept in registers.
template <class W, class A, class S, int kVectors, int kStrips, int kRows>
PRUNUS_INLINE void add_column(const W* PRUNUS_RESTRICT const (&value)[kStrips], i64 offset, const A* PRUNUS_RESTRICT x,
                              Vector<S> (&sum)[kStrips][kRows][kVectors]) {
  if constexpr (kStrips * kRows >= kVectors) {
    Vector<S> activations[kVectors];
    load_feature<A, S>(x, activations);
    for (int i = 0; i < kStrips; ++i) add_weights<W, S>(value[i] + offset, activations, sum[i]);
  } else {
    Vector<S> weights[kStrips][kRows];
    for (int i = 0; i < kStrips; ++i) {
      for (int j = 0; j < kRows; ++j) weights[i][j] = broadcast(static_cast<S>(value[i][offset + j]));
    }
    for (int v = 0; v < kVectors; ++v) {
      const Vector<S> activation = load_as<S>(x + v * kLanes<S>);
      for (int i = 0; i < kStrips; ++i) {
        for (int j = 0; j < kRows; ++j) sum[i][j][v] = add_product<S>(sum[i][j][v], weights[i][j], activation);
      }
    }
  }
}

template <class W>
constexpr i64 kLineColumns = kCacheLine / (kBlockRows * static_cast<i64>(sizeof(W)));

// Whole cache lines of columns, each with a prefetch of what prefetch_ahead looks for, `further` weights on; a
// comparison in the loop costs more (Intel Xeon, 1024 x 1024, 32 samples: 680 us instead of 626).
template <class W, class A, class S, i64 kWidth, int kVectors, int kStrips, int kRows>
PRUNUS_INLINE void add_lines(const W* PRUNUS_RESTRICT const (&value)[kStrips], Range columns, i64 further,
                             const A* PRUNUS_RESTRICT x, Vector<S> (&sum)[kStrips][kRows][kVectors]) {
  for (i64 c = columns.begin; c < columns.end; c += kLineColumns<W>) {
    for (int i = 0; i < kStrips; ++i) prefetch_ahead(value[i] + c * kBlockRows + further);
    for (i64 k = c; k < c + kLineColumns<W>; ++k) add_column<W, A, S>(value, k * kBlockRows, x + k * kWidth, sum);
  }
}

// A tile's columns of neighbouring strips from `row` on, of which x is the panel; a strip is kRows rows of one group.
// Sums begin with the bias or with what was stored for the columns before.
template <class W, class A, class S, i64 kWidth, int kVectors, int kStrips, int kRows>
PRUNUS_INLINE void multiply_strips(const DenseGroups<W>& w, const DenseTile<W>& tile, i64 row,
                                   const A* PRUNUS_RESTRICT x, const Epilogue<S>& epilogue, const S* sums, S* to) {
  Vector<S> sum[kStrips][kRows][kVectors];
  const W* PRUNUS_RESTRICT value[kStrips];
  for (int i = 0; i < kStrips; ++i) {
    const i64 first = row + i * kRows, n_rows = rows_left(w, first, kRows);
    value[i] = tile.of_row(first);
    if (tile.columns.begin == 0) {
      start_sums<S>(n_rows, epilogue.bias + first, sum[i]);
    } else {
      resume_sums<kWidth>(n_rows, sums + first * kWidth, sum[i]);
    }
  }
  const i64 n = tile.columns.end - tile.columns.begin, lines = n / kLineColumns<W> * kLineColumns<W>;
  // What follows a group's columns is the next group, of which some strips may be: there prefetches go on in the strips
  // that come next.
  constexpr i64 kGroups = ceil_div(kStrips * kRows, kBlockRows);
  const i64 to_next = (kGroups - 1) * n * kBlockRows;
  const i64 own = to_next == 0 ? lines : n > kAhead<W> ? (n - kAhead<W>) / kLineColumns<W> * kLineColumns<W> : 0;
  add_lines<W, A, S, kWidth>(value, {0, own}, 0, x, sum);
  add_lines<W, A, S, kWidth>(value, {own, lines}, to_next, x, sum);
  for (i64 c = lines; c < n; ++c) add_column<W, A, S>(value, c * kBlockRows, x + c * kWidth, sum);
  const bool is_last = tile.columns.end == w.n_cols;
  for (int i = 0; i < kStrips; ++i) {
    const i64 first = row + i * kRows, n_rows = rows_left(w, first, kRows);
    store_sums<kWidth>(n_rows, sum[i], to + first * kWidth);
    if (is_last) finish_rows<kWidth, kVectors>(n_rows, epilogue, to + first * kWidth);
  }
}

// Rows times a panel of kPanel vectors: kStrips strips at a time, the last ones fewer.
template <class W, class A, class S, int kPanel, int kVectors, int kStrips, int kRows>
PRUNUS_INLINE void multiply_rows(const DenseGroups<W>& w, const DenseTile<W>& tile, Range rows, const A* x,
                                 const Epilogue<S>& epilogue, const S* sums, S* to) {
  constexpr i64 kWidth = kPanel * kLanes<S>, kStep = kVectors * kLanes<S>;
  i64 r = rows.begin;
  for (; r + (kStrips - 1) * kRows < rows.end; r += kStrips * kRows) {
    for (i64 s = 0; s < kWidth; s += kStep) {
      multiply_strips<W, A, S, kWidth, kVectors, kStrips, kRows>(w, tile, r, x + s, epilogue, sums + s, to + s);
    }
  }
  if constexpr (kStrips > 1) {
    if (r < rows.end) {
      multiply_rows<W, A, S, kPanel, kVectors, kStrips - 1, kRows>(w, tile, {r, rows.end}, x, epilogue, sums, to);
    }
  }
}

// kVectors of kPanel are computed at a time. A function of its own, as in spmm_blocks.h.
template <class W, class A, class S, int kPanel, int kVectors, int kStrips, int kRows>
PRUNUS_APART void dense_part(const DenseGroups<W>& w, i64 part, Range columns, const A* x, const Epilogue<S>& epilogue,
                             S* sums, S* y) {
  PRUNUS_ASSERT(columns.begin % w.tile_columns == 0);
  PRUNUS_ASSERT(columns.end == w.n_cols || columns.end % w.tile_columns == 0);
  constexpr i64 kWidth = kPanel * kLanes<S>;
  const Range rows = rows_of_part(w.n_rows, part), groups = groups_of_part(w.n_rows, part);
  i64 begin = columns.begin;
  do {
    const i64 end = begin + w.tile_columns < columns.end ? begin + w.tile_columns : columns.end;
    const i64 row_0 = before_tile(groups, w.n_cols, begin) - groups.begin * (end - begin);
    const DenseTile<W> tile = {{begin, end}, w.value + row_0 * kBlockRows};
    multiply_rows<W, A, S, kPanel, kVectors, kStrips, kRows>(w, tile, rows, x + (begin - columns.begin) * kWidth,
                                                             epilogue, sums, end == w.n_cols ? y : sums);
    begin = end;
  } while (begin < columns.end);
}

// y[r, s] = activation(sum of w[r, c] * x[c, s] + bias[r]) for the rows r of a part; panels, sums and columns, whole
// tiles, as in spmm_sell.h. O(rows * columns * width).
template <class W, class A, class S>
void spmm_dense(const DenseGroups<W>& w, i64 part, Range columns, const A* x, i64 width, const Epilogue<S>& epilogue,
                S* sums, S* y) noexcept {
  constexpr bool kMany = kRegisters == 32;
  switch (width / kLanes<S>) {
    case 1:
      return dense_part<W, A, S, 1, 1, 2, 4>(w, part, columns, x, epilogue, sums, y);
    case 2:
      // Products that are not fused with sums need a register more.
      if constexpr (!kHasFma) return dense_part<W, A, S, 2, 2, 1, 4>(w, part, columns, x, epilogue, sums, y);
      return dense_part<W, A, S, 2, 2, 3, kMany ? 4 : 2>(w, part, columns, x, epilogue, sums, y);
    default:
      PRUNUS_ASSERT(width == 4 * kLanes<S>);
      return dense_part<W, A, S, 4, kMany ? 2 : 4, 3, kMany ? 4 : 1>(w, part, columns, x, epilogue, sums, y);
  }
}

}  // namespace prunus::PRUNUS_TARGET
