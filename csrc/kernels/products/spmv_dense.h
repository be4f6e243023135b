// Dense rows times samples as they come, row-major: nothing is turned. For a few samples, and for any number of them
// where there are few outputs.
#pragma once

#include "kernels/products/activation.h"
#include "kernels/products/lane_sums.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// A vector of columns: kRows rows, `stride` apart, times kSamples samples.
template <class T, int kRows, int kSamples>
PRUNUS_INLINE void add_columns(const T* value, i64 stride, const Vector<T> (&activations)[kSamples],
                               Vector<T> (&sum)[kRows][kSamples]) {
  for (int j = 0; j < kRows; ++j) {
    const Vector<T> weight = load_unaligned(value + j * stride);
    for (int s = 0; s < kSamples; ++s) sum[j][s] = add_product<T>(sum[j][s], weight, activations[s]);
  }
}

// The columns that do not fill a vector.
template <class T, int kRows, int kSamples>
PRUNUS_INLINE void add_last_columns(const T* value, i64 stride, i64 n_cols, Rows<const T> x,
                                    Vector<T> (&sum)[kRows][kSamples]) {
  const i64 left = n_cols % kLanes<T>;
  if (left == 0) return;
  Vector<T> activations[kSamples];
  if (n_cols < kLanes<T>) {
    for (int s = 0; s < kSamples; ++s) {
      activations[s] = broadcast(T(0));
      __builtin_memcpy(&activations[s], x[s], static_cast<size_t>(n_cols) * sizeof(T));
    }
    return add_columns<T, kRows, kSamples>(value, stride, activations, sum);
  }
  // The last vector of columns there is, without those that have been added.
  Mask<T> is_left;
  for (i64 l = 0; l < kLanes<T>; ++l) is_left[l] = l < kLanes<T> - left ? 0 : -1;
  const i64 begin = n_cols - kLanes<T>;
  for (int s = 0; s < kSamples; ++s) {
    activations[s] = is_left ? load_unaligned(x[s] + begin) : Vector<T>{};
  }
  add_columns<T, kRows, kSamples>(value + begin, stride, activations, sum);
}

// kRows rows from `row` on times kSamples samples, without the activation. Every sum is one vector: what it is depends
// neither on the rows nor on the samples beside it. Rows from memory: with one or two samples the processor follows
// eight or four of them by itself, and prefetches would take loads that are needed; four samples leave loads to spare
// (1024 x 1024, AVX-512: 160 to 190 us with prefetches, 300 to 370 without). The samples of a single row are followed
// by the processor: prefetches of them took loads that are needed (200 -> 1, 1024 samples in L2: 12.6 us, 10.7
// without).
template <class T, int kRows, int kSamples>
PRUNUS_INLINE void dot_rows(const Dense<T>& w, i64 row, const T* PRUNUS_RESTRICT x, i64 x_stride, const T* bias,
                            T* PRUNUS_RESTRICT y, i64 y_stride) {
  Vector<T> sum[kRows][kSamples];
  for (auto& of_row : sum) {
    for (Vector<T>& v : of_row) v = broadcast(T(0));
  }
  const T* PRUNUS_RESTRICT value = w.value + row * w.stride;
  const auto step = [&](i64 c) {
    Vector<T> activations[kSamples];
    for (int s = 0; s < kSamples; ++s) activations[s] = load_unaligned(x + s * x_stride + c);
    add_columns<T, kRows, kSamples>(value + c, w.stride, activations, sum);
  };
  i64 c = 0;
  if constexpr (kSamples >= 4 && kRows > 1) {
    constexpr i64 kLine = kCacheLine / static_cast<i64>(sizeof(T));
    for (; c + kLine <= w.n_cols; c += kLine) {
      for (i64 j = 0; j < kRows; ++j) prefetch(value + (kRows + j) * w.stride + c);
      for (i64 v = 0; v < kLine; v += kLanes<T>) step(c + v);
    }
  }
  for (; c + kLanes<T> <= w.n_cols; c += kLanes<T>) step(c);
  add_last_columns<T, kRows, kSamples>(value, w.stride, w.n_cols, {x, x_stride}, sum);
  if constexpr (kSamples > kRows) {
    for (int j = 0; j < kRows; ++j) store_sums<T, kSamples>(sum[j], bias + row + j, 0, y + row + j, y_stride);
  } else {
    for (int s = 0; s < kSamples; ++s) {
      Vector<T> of_rows[kRows];
      for (int j = 0; j < kRows; ++j) of_rows[j] = sum[j][s];
      store_sums<T, kRows>(of_rows, bias + row, 1, y + s * y_stride + row, 1);
    }
  }
}

// kRows rows times samples.
template <class T, int kRows, int kSamples>
PRUNUS_INLINE void dot_samples(const Dense<T>& w, i64 row, Samples<const T> x, const T* bias, Rows<T> y) {
  i64 s = 0;
  for (; s + kSamples <= x.n; s += kSamples) {
    dot_rows<T, kRows, kSamples>(w, row, x[s], x.stride, bias, y[s], y.stride);
  }
  if constexpr (kSamples > 1) {
    if (s == x.n) return;
    dot_samples<T, kRows, kSamples / 2>(w, row, x.some(s, x.n - s), bias, y.from(s, 0));
  }
}

template <class T, int kRows, int kSamples>
PRUNUS_INLINE void dot_part(const Dense<T>& w, Range rows, Samples<const T> x, const T* bias, Rows<T> y) {
  i64 r = rows.begin;
  for (; r + kRows <= rows.end; r += kRows) dot_samples<T, kRows, kSamples>(w, r, x, bias, y);
  if constexpr (kRows > 1) {
    if (r == rows.end) return;
    if (r > rows.begin) {  // the last ones; some of them again, rather than one after the other
      dot_samples<T, kRows, kSamples>(w, rows.end - kRows, x, bias, y);
    } else {
      dot_part<T, kRows / 2, kSamples>(w, rows, x, bias, y);
    }
  }
}

// y[s, r] = activation(sum of w[r, c] * x[s, c] + bias[r]) for samples s and the rows r of a part, not overlapping. A
// sample's result depends on its row of x alone. Eight sums in flight, with several samples half as many as there are
// registers. O(n_rows * n_cols * samples).
template <class T>
void spmv_dense(const Dense<T>& w, i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) noexcept {
  const Range rows = rows_of_part(w.n_rows, part);
  constexpr int kSums = kRegisters / 2;  // of several samples
  const i64 tile = rows.end - rows.begin == 1 ? 8 : 4;
  for (i64 s = 0; s < x.n; s += tile) {
    const i64 m = x.n - s < tile ? x.n - s : tile;
    const Samples<const T> in = x.some(s, m);
    const Rows<T> out = y.from(s, 0);
    if (m == 1) {
      dot_part<T, 8, 1>(w, rows, in, epilogue.bias, out);
    } else if (tile == 8) {
      dot_part<T, 1, 8>(w, rows, in, epilogue.bias, out);
    } else if (m < 4) {
      dot_part<T, kSums / 2, 2>(w, rows, in, epilogue.bias, out);
    } else {
      dot_part<T, kSums / 4, 4>(w, rows, in, epilogue.bias, out);
    }
  }
  for (i64 s = 0; s < x.n; ++s) finish(y[s] + rows.begin, rows.end - rows.begin, epilogue);
}

}  // namespace prunus::PRUNUS_TARGET
