// Blocks of four rows and one column times one sample.
#pragma once

#include "kernels/activation.h"
#include "kernels/blocks.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

template <class T>
struct FourRows {
  typedef T type __attribute__((vector_size(kBlockRows * sizeof(T))));
};

template <class T>
PRUNUS_INLINE void add_group(const Blocks<T>& w, i64 group, const T* PRUNUS_RESTRICT x, const Epilogue<T>& epilogue,
                             T* PRUNUS_RESTRICT y) {
  using Four = typename FourRows<T>::type;
  constexpr int kSums = 4;  // in flight
  Four sum[kSums] = {};
  const auto add = [&](Four& to, i64 b) {
    Four value;
    __builtin_memcpy(&value, w.value + b * kBlockRows, sizeof value);
    to += value * x[w.column[b]];
  };
  const Range range = blocks_of(w, group);
  i64 b = range.begin;
  for (; b + kSums <= range.end; b += kSums) {
    for (int i = 0; i < kSums; ++i) add(sum[i], b + i);
  }
  for (; b < range.end; ++b) add(sum[0], b);
  sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  const i64 row = group * kBlockRows, n_rows = rows_left(w, row, kBlockRows);
  for (i64 j = 0; j < n_rows; ++j) y[row + j] = sum[0][j] + epilogue.bias[row + j];
}

// y[r] = activation(sum of w[r, c] * x[c] + bias[r]) for the rows r of a part. x: (n_cols,); y: (n_rows,), not
// overlapping. O(4 * blocks).
template <class T>
void spmv_blocks(const Blocks<T>& w, i64 part, const T* x, const Epilogue<T>& epilogue, T* y) noexcept {
  const Range groups = groups_of(w, part);
  for (i64 g = groups.begin; g < groups.end; ++g) add_group(w, g, x, epilogue, y);
  const Range rows = rows_of_part(w.n_rows, part);
  finish(y + rows.begin, rows.end - rows.begin, epilogue);
}

}  // namespace prunus::PRUNUS_TARGET
