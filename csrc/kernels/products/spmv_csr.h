// A few sparse rows times many samples as they come, row-major: vectors of samples, whose activations are gathered.
// Only what the rows use is read, and nothing is turned.
#pragma once

#include "kernels/products/activation.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// Row r for one vector of samples, of which `activations(c)` gives column c; y takes the n first.
template <class T, class Activations>
PRUNUS_INLINE void dot_entries(const Csr<T>& w, i64 r, Activations&& activations, const Epilogue<T>& epilogue, i64 n,
                               T* PRUNUS_RESTRICT y, i64 y_stride) {
  Vector<T> sum = broadcast(epilogue.bias[r]);
  for (i64 e = w.row_start[r]; e < w.row_start[r + 1]; ++e) {
    sum = add_product<T>(sum, broadcast(w.value[e]), activations(w.column[e]));
  }
  alignas(kCacheLine) T lanes[kLanes<T>];
  store(lanes, sum);
  finish(lanes, kLanes<T>, epilogue);
  for (i64 l = 0; l < n; ++l) y[l * y_stride + r] = lanes[l];
}

// y[s, r] = activation(sum of w[r, c] * x[s, c] + bias[r]) for n samples and the rows r of a part. Sample s at x + s *
// x_stride and y + s * y_stride, not overlapping. O(entries * n), n counted in whole vectors.
template <class T>
void spmv_csr(const Csr<T>& w, i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
              i64 y_stride) noexcept {
  const Range rows = rows_of_part(w.n_rows, part);
  i64 s = 0;
  for (; s + kLanes<T> <= n; s += kLanes<T>) {
    const auto activations = [&](i64 c) { return gather_stride(x + s * x_stride + c, x_stride); };
    for (i64 r = rows.begin; r < rows.end; ++r) {
      dot_entries(w, r, activations, epilogue, kLanes<T>, y + s * y_stride, y_stride);
    }
  }
  if (s == n) return;
  i64 sample[kLanes<T>];  // the last one again, where there is none
  for (i64 l = 0; l < kLanes<T>; ++l) sample[l] = (s + l < n ? s + l : n - 1) * x_stride;
  const auto activations = [&](i64 c) { return gather(x + c, sample); };
  for (i64 r = rows.begin; r < rows.end; ++r) {
    dot_entries(w, r, activations, epilogue, n - s, y + s * y_stride, y_stride);
  }
}

}  // namespace prunus::PRUNUS_TARGET
