// Blocks of four rows and one column times a panel of samples: for weights removed four rows at a time, and for dense
// weights, of which every block is present. An activation that is loaded serves all rows, so that neither loads nor the
// size of L1 limit the product.
#pragma once

#include "kernels/activation.h"
#include "kernels/blocks.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

template <class T, i64 kWidth, int kVectors>
PRUNUS_INLINE void store_rows(const Blocks<T>& w, i64 group, const Vector<T> (&sum)[kBlockRows][kVectors], T* y) {
  T* out = y + group * kBlockRows * kWidth;
  const i64 n_rows = rows_of(w, group);
  for (i64 j = 0; j < kBlockRows; ++j) {  // so often always: a sum that is indexed by a variable leaves its register
    if (j >= n_rows) break;
    for (int v = 0; v < kVectors; ++v) store(out + j * kWidth + v * kLanes<T>, sum[j][v]);
  }
}

template <class T, i64 kWidth, int kVectors>
PRUNUS_INLINE void finish_rows(const Blocks<T>& w, i64 group, const Epilogue<T>& epilogue, T* y) {
  for (i64 j = 0; j < rows_of(w, group); ++j) {
    finish(y + (group * kBlockRows + j) * kWidth, kVectors * kLanes<T>, epilogue);
  }
}

template <class T, i64 kWidth, int kVectors>
PRUNUS_INLINE void resume_rows(const Blocks<T>& w, i64 group, const T* y, Vector<T> (&sum)[kBlockRows][kVectors]) {
  const T* from = y + group * kBlockRows * kWidth;
  const i64 n_rows = rows_of(w, group);
  for (i64 j = 0; j < kBlockRows; ++j) {
    for (int v = 0; v < kVectors; ++v) {
      sum[j][v] = j < n_rows ? load(from + j * kWidth + v * kLanes<T>) : broadcast(T(0));
    }
  }
}

template <class T, int kVectors>
PRUNUS_INLINE void start_rows(const Blocks<T>& w, i64 group, const Epilogue<T>& epilogue,
                              Vector<T> (&sum)[kBlockRows][kVectors]) {
  for (i64 j = 0; j < kBlockRows; ++j) {
    const Vector<T> bias = broadcast(j < rows_of(w, group) ? epilogue.bias[group * kBlockRows + j] : T(0));
    for (int v = 0; v < kVectors; ++v) sum[j][v] = bias;
  }
}

// The block at `value` times kVectors vectors of a feature. Broadcasts from memory: there are loads to spare, and
// shuffles would share a port with the multiplications (Zen 3, dense: 95 % of the peak with loads, 82 % with shuffles).
template <class T, int kVectors>
PRUNUS_INLINE void add_block(const T* PRUNUS_RESTRICT value, const Vector<T> (&activations)[kVectors],
                             Vector<T> (&sum)[kBlockRows][kVectors]) {
  for (i64 j = 0; j < kBlockRows; ++j) {
    const Vector<T> weight = broadcast(value[j]);
    for (int v = 0; v < kVectors; ++v) sum[j][v] += weight * activations[v];
  }
}

template <class T, int kVectors>
PRUNUS_INLINE void load_feature(const T* p, Vector<T> (&activations)[kVectors]) {
  for (int v = 0; v < kVectors; ++v) activations[v] = load(p + v * kLanes<T>);
}

// Two blocks, of which the columns are in `columns`: the first one added to `first`, the other one to `second`.
template <class T, i64 kWidth, int kVectors>
PRUNUS_INLINE void add_two_blocks(const T* PRUNUS_RESTRICT value, u64 columns, const T* PRUNUS_RESTRICT x,
                                  Vector<T> (&first)[kBlockRows][kVectors], Vector<T> (&second)[kBlockRows][kVectors]) {
  Vector<T> activations[kVectors];
  load_feature<T, kVectors>(x + static_cast<i64>(columns & 0xFFFFFFFF) * kWidth, activations);
  add_block<T, kVectors>(value, activations, first);
  load_feature<T, kVectors>(x + static_cast<i64>(columns >> 32) * kWidth, activations);
  add_block<T, kVectors>(value + kBlockRows, activations, second);
}

template <class T, i64 kWidth, int kVectors>
PRUNUS_INLINE void sparse_group(const Blocks<T>& w, i64 group, const T* PRUNUS_RESTRICT x, const Epilogue<T>& epilogue,
                                T* PRUNUS_RESTRICT y) {
  constexpr bool kApart = kVectors == 1;  // four sums alone would wait for one another
  Vector<T> sum[kBlockRows][kVectors], other[kBlockRows][kVectors] = {};
  start_rows<T, kVectors>(w, group, epilogue, sum);
  const Range range = blocks_of(w, group);
  const T* PRUNUS_RESTRICT value = w.value + range.begin * kBlockRows;
  const i32* PRUNUS_RESTRICT column = w.column + range.begin;
  const i32* const end = w.column + range.end;
  // The next columns are loaded ahead of these activations, as in spmm_sell.h.
  u64 columns;
  __builtin_memcpy(&columns, column, sizeof columns);
  for (; column + 2 <= end; column += 2, value += 2 * kBlockRows) {
    u64 next;
    __builtin_memcpy(&next, column + 2, sizeof next);
    if (kVectors == 1) {
      prefetch_ahead(value);
      prefetch_ahead(column);
    }
    add_two_blocks<T, kWidth, kVectors>(value, columns, x, sum, kApart ? other : sum);
    columns = next;
  }
  if (column < end) {
    Vector<T> activations[kVectors];
    load_feature<T, kVectors>(x + static_cast<i64>(columns & 0xFFFFFFFF) * kWidth, activations);
    add_block<T, kVectors>(value, activations, sum);
  }
  if (kApart) {
    for (i64 j = 0; j < kBlockRows; ++j) sum[j][0] += other[j][0];
  }
  store_rows<T, kWidth, kVectors>(w, group, sum, y);
  finish_rows<T, kWidth, kVectors>(w, group, epilogue, y);
}

// Columns that prefetch_ahead looks ahead: past the last column it looks on at the first ones of the groups that
// follow.
template <class T>
constexpr i64 kAhead = kPrefetchBytes / (kBlockRows * static_cast<i64>(sizeof(T)));

// Columns of kGroups neighbouring groups, of which x is the panel; sums begin with the bias or with what was stored for
// the columns before.
template <class T, i64 kWidth, int kVectors, int kGroups>
PRUNUS_INLINE void dense_groups(const Blocks<T>& w, i64 group, Range columns, const T* PRUNUS_RESTRICT x,
                                const Epilogue<T>& epilogue, T* PRUNUS_RESTRICT y) {
  Vector<T> sum[kGroups][kBlockRows][kVectors];
  for (int g = 0; g < kGroups; ++g) {
    if (columns.begin == 0) {
      start_rows<T, kVectors>(w, group + g, epilogue, sum[g]);
    } else {
      resume_rows<T, kWidth, kVectors>(w, group + g, y, sum[g]);
    }
  }
  const i64 group_values = w.n_cols * kBlockRows;
  const T* PRUNUS_RESTRICT value = w.value + (group * w.n_cols + columns.begin) * kBlockRows;
  const i64 n = columns.end - columns.begin;
  const auto add_column = [&](i64 c) {
    Vector<T> activations[kVectors];
    load_feature<T, kVectors>(x + c * kWidth, activations);
    for (int g = 0; g < kGroups; ++g) add_block<T, kVectors>(value + g * group_values, activations, sum[g]);
    value += kBlockRows;
  };
  i64 c = 0;
  if constexpr (kGroups > 1) {
    // A prefetch for each line (one vector, weights from memory: 230 us; 280 with one for each column).
    constexpr i64 kLineColumns = kCacheLine / (kBlockRows * static_cast<i64>(sizeof(T)));
    const i64 to_next_groups = kGroups * group_values - n * kBlockRows;
    for (; c + kLineColumns <= n; c += kLineColumns) {
      const i64 ahead = c + kAhead<T> < n ? 0 : to_next_groups;
      for (int g = 0; g < kGroups; ++g) prefetch_ahead(value + g * group_values + ahead);
      for (i64 i = 0; i < kLineColumns; ++i) add_column(c + i);
    }
  }
  for (; c < n; ++c) {
    // Those beyond what the processor has in flight get lost, and with two vectors there are loads to spare for asking
    // again (from memory: 350 us; 370 to 395 with one for each line).
    prefetch_ahead(value);
    add_column(c);
  }
  for (int g = 0; g < kGroups; ++g) {
    store_rows<T, kWidth, kVectors>(w, group + g, sum[g], y);
    if (columns.end == w.n_cols) finish_rows<T, kWidth, kVectors>(w, group + g, epilogue, y);
  }
}

// So much of a panel stays in L2 beside the weights that pass through it.
constexpr i64 kTileBytes = 128 * 1024;

// kPanel vectors are a panel's width, of which kVectors are computed at a time. The parts are functions of their own:
// all in one, there are too few registers for what each keeps while it goes through its blocks.
template <class T, int kPanel, int kVectors>
PRUNUS_APART void dense_part(const Blocks<T>& w, i64 part, Range columns, const T* x, const Epilogue<T>& epilogue,
                             T* y) {
  constexpr i64 kWidth = kPanel * kLanes<T>, kStep = kVectors * kLanes<T>;
  constexpr int kTogether = kVectors == 1 ? 2 : kRegisters == 32 ? 3 : 1;  // groups whose sums find registers
  constexpr i64 kTile = kTileBytes / (kWidth * static_cast<i64>(sizeof(T)));
  const Range groups = groups_of(w, part);
  for (i64 begin = columns.begin; begin == columns.begin || begin < columns.end; begin += kTile) {
    const Range tile = {begin, begin + kTile < columns.end ? begin + kTile : columns.end};
    const T* const in = x + (begin - columns.begin) * kWidth;
    i64 g = groups.begin;
    for (; g + kTogether <= groups.end; g += kTogether) {
      for (i64 s = 0; s < kWidth; s += kStep) {
        dense_groups<T, kWidth, kVectors, kTogether>(w, g, tile, in + s, epilogue, y + s);
      }
    }
    for (; g < groups.end; ++g) {
      for (i64 s = 0; s < kWidth; s += kStep) {
        dense_groups<T, kWidth, kVectors, 1>(w, g, tile, in + s, epilogue, y + s);
      }
    }
  }
}

template <class T, int kPanel, int kVectors>
PRUNUS_APART void sparse_part(const Blocks<T>& w, i64 part, const T* x, const Epilogue<T>& epilogue, T* y) {
  constexpr i64 kWidth = kPanel * kLanes<T>, kStep = kVectors * kLanes<T>;
  const Range groups = groups_of(w, part);
  for (i64 g = groups.begin; g < groups.end; ++g) {
    for (i64 s = 0; s < kWidth; s += kStep) {
      sparse_group<T, kWidth, kVectors>(w, g, x + s, epilogue, y + s);
    }
  }
}

// y[r, s] = activation(sum of w[r, c] * x[c, s] + bias[r]) for the rows r of a part; panels and columns as in
// spmm_sell.h, but that blocks with zeros take all columns at once. O(4 * blocks * width). Eight sums or more are in
// flight, four in the last group of an odd number of dense ones at one vector.
template <class T>
void spmm_blocks(const Blocks<T>& w, i64 part, Range columns, const T* x, i64 width, const Epilogue<T>& epilogue,
                 T* y) noexcept {
  PRUNUS_ASSERT(w.is_dense || (columns.begin == 0 && columns.end == w.n_cols));
  switch (width / kLanes<T>) {
    case 1:
      return w.is_dense ? dense_part<T, 1, 1>(w, part, columns, x, epilogue, y)
                        : sparse_part<T, 1, 1>(w, part, x, epilogue, y);
    case 2:
      return w.is_dense ? dense_part<T, 2, 2>(w, part, columns, x, epilogue, y)
                        : sparse_part<T, 2, 2>(w, part, x, epilogue, y);
    default: {
      PRUNUS_ASSERT(width == 4 * kLanes<T>);
      constexpr int kVectors = kRegisters == 32 ? 4 : 2;
      return w.is_dense ? dense_part<T, 4, 2>(w, part, columns, x, epilogue, y)
                        : sparse_part<T, 4, kVectors>(w, part, x, epilogue, y);
    }
  }
}

}  // namespace prunus::PRUNUS_TARGET
