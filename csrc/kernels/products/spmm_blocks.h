// Blocks of four rows and one column times a panel of samples: for weights removed four rows at a time. An activation
// that is loaded serves four rows, so that neither loads nor the size of L1 limit the product.
#pragma once

#include "kernels/products/block_rows.h"
#include "kernels/products/row_sums.h"

namespace prunus::PRUNUS_TARGET {

// Two blocks, of which the columns are in `columns`: the first one added to `first`, the other one to `second`.
template <class W, class A, class S, i64 kWidth, int kVectors>
PRUNUS_INLINE void add_two_blocks(const W* PRUNUS_RESTRICT value, u32 columns, const A* PRUNUS_RESTRICT x,
                                  Vector<S> (&first)[kBlockRows][kVectors], Vector<S> (&second)[kBlockRows][kVectors]) {
  Vector<S> activations[kVectors];
  load_feature<A, S>(x + static_cast<i64>(columns & 0xFFFF) * kWidth, activations);
  add_weights<W, S>(value, activations, first);
  load_feature<A, S>(x + static_cast<i64>(columns >> 16) * kWidth, activations);
  add_weights<W, S>(value + kBlockRows, activations, second);
}

// Blocks of one group in a tile, of which x is the panel. Sums begin with the bias in the first tile, with what was
// stored for the one before in the others; in the last one the activation follows.
template <class W, class A, class S, i64 kWidth, int kVectors>
PRUNUS_INLINE void multiply_group(const Blocks<W>& w, Range blocks, i64 group, bool is_first, bool is_last,
                                  const A* PRUNUS_RESTRICT x, const Epilogue<S>& epilogue, const S* sums, S* to) {
  constexpr bool kApart = kVectors == 1;  // four sums alone would wait for one another
  const i64 row = group * kBlockRows, n_rows = rows_left(w, row, kBlockRows);
  Vector<S> sum[kBlockRows][kVectors], other[kBlockRows][kVectors] = {};
  if (is_first) {
    start_sums<S>(n_rows, epilogue.bias + row, sum);
  } else {
    resume_sums<kWidth>(n_rows, sums + row * kWidth, sum);
  }
  const W* PRUNUS_RESTRICT value = w.value + blocks.begin * kBlockRows;
  const u16* PRUNUS_RESTRICT column = w.column + blocks.begin;
  const u16* const end = w.column + blocks.end;
  // The next columns are loaded ahead of these activations, as in spmm_sell.h.
  u32 columns;
  __builtin_memcpy(&columns, column, sizeof columns);
  for (; column + 2 <= end; column += 2, value += 2 * kBlockRows) {
    u32 next;
    __builtin_memcpy(&next, column + 2, sizeof next);
    // Not of the columns, a slow stream that the processor foresees: 8 samples were 3 to 5 % slower, in a cache, too.
    if (kVectors == 1) prefetch_ahead(value);
    add_two_blocks<W, A, S, kWidth, kVectors>(value, columns, x, sum, kApart ? other : sum);
    columns = next;
  }
  if (column < end) {
    Vector<S> activations[kVectors];
    load_feature<A, S>(x + static_cast<i64>(columns & 0xFFFF) * kWidth, activations);
    add_weights<W, S>(value, activations, sum);
  }
  if (kApart) {
    for (i64 j = 0; j < kBlockRows; ++j) sum[j][0] += other[j][0];
  }
  store_sums<kWidth>(n_rows, sum, to + row * kWidth);
  if (is_last) finish_rows<kWidth, kVectors>(n_rows, epilogue, to + row * kWidth);
}

// kPanel vectors are a panel's width, of which kVectors are computed at a time. Functions of their own: all in one,
// there are too few registers for what each keeps while it goes through its blocks.
template <class W, class A, class S, int kPanel, int kVectors>
PRUNUS_APART void blocks_part(const Blocks<W>& w, i64 part, Range columns, const A* x, const Epilogue<S>& epilogue,
                              S* sums, S* y) {
  constexpr i64 kWidth = kPanel * kLanes<S>, kStep = kVectors * kLanes<S>;
  PRUNUS_ASSERT(columns.begin % w.tile_columns == 0);
  PRUNUS_ASSERT(columns.end == w.n_cols || columns.end % w.tile_columns == 0);
  const Range groups = groups_of_part(w.n_rows, part);
  const i64 begin = columns.begin / w.tile_columns, n_tiles = count_tiles(w.n_cols, w.tile_columns);
  const i64 end = columns.end == w.n_cols ? n_tiles : columns.end / w.tile_columns;
  for (i64 t = begin; t < end; ++t, x += w.tile_columns * kWidth) {
    S* const to = t + 1 == n_tiles ? y : sums;
    const i64* start = starts_in(w, groups, t);
    for (i64 g = groups.begin; g < groups.end; ++g, ++start) {
      const Range blocks = {start[0], start[1]};
      for (i64 s = 0; s < kWidth; s += kStep) {
        multiply_group<W, A, S, kWidth, kVectors>(w, blocks, g, t == 0, t + 1 == n_tiles, x + s, epilogue, sums + s,
                                                  to + s);
      }
    }
  }
}

// y[r, s] = activation(sum of w[r, c] * x[c, s] + bias[r]) for the rows r of a part; panels, sums and columns
// as in spmm_sell.h. Eight sums or more are in flight. O(4 * blocks * width).
template <class W, class A, class S>
void spmm_blocks(const Blocks<W>& w, i64 part, Range columns, const A* x, i64 width, const Epilogue<S>& epilogue,
                 S* sums, S* y) noexcept {
  switch (width / kLanes<S>) {
    case 1:
      return blocks_part<W, A, S, 1, 1>(w, part, columns, x, epilogue, sums, y);
    case 2:
      return blocks_part<W, A, S, 2, 2>(w, part, columns, x, epilogue, sums, y);
    default:
      PRUNUS_ASSERT(width == 4 * kLanes<S>);
      return blocks_part<W, A, S, 4, kRegisters == 32 ? 4 : 2>(w, part, columns, x, epilogue, sums, y);
  }
}

}  // namespace prunus::PRUNUS_TARGET
