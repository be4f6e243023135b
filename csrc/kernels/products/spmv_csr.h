// A few sparse rows times many samples as they come, row-major: vectors of samples, whose activations are gathered.
// Only what the rows use is read, and nothing is turned.
#pragma once

#include "kernels/products/activation.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// Row r for one vector of samples, of which `activations(c)` gives column c; y takes the n first.
template <class T, class Activations>
PRUNUS_INLINE void dot_entries(const Csr<T>& w, i64 r, Activations&& activations, const Epilogue<T>& epilogue, i64 n,
                               Rows<T> y) {
  Vector<T> sum = broadcast(epilogue.bias[r]);
  for (i64 e = w.row_start[r]; e < w.row_start[r + 1]; ++e) {
    sum = add_product<T>(sum, broadcast(w.value[e]), activations(w.column[e]));
  }
  alignas(kCacheLine) T lanes[kLanes<T>];
  store(lanes, sum);
  finish(lanes, kLanes<T>, epilogue);
  for (i64 l = 0; l < n; ++l) y[l][r] = lanes[l];
}

// y[s, r] = activation(sum of w[r, c] * x[s, c] + bias[r]) for samples s and the rows r of a part, not overlapping.
// O(entries * samples), these counted in whole vectors.
template <class T>
void spmv_csr(const Csr<T>& w, i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) noexcept {
  const Range rows = rows_of_part(w.n_rows, part);
  i64 s = 0;
  for (; s + kLanes<T> <= x.n; s += kLanes<T>) {
    const auto activations = [&](i64 c) { return gather_stride(x[s] + c, x.stride); };
    for (i64 r = rows.begin; r < rows.end; ++r) {
      dot_entries(w, r, activations, epilogue, kLanes<T>, y.from(s, 0));
    }
  }
  if (s == x.n) return;
  i64 sample[kLanes<T>];  // the last one again, where there is none
  for (i64 l = 0; l < kLanes<T>; ++l) sample[l] = (s + l < x.n ? s + l : x.n - 1) * x.stride;
  const auto activations = [&](i64 c) { return gather(x.data + c, sample); };
  for (i64 r = rows.begin; r < rows.end; ++r) {
    dot_entries(w, r, activations, epilogue, x.n - s, y.from(s, 0));
  }
}

}  // namespace prunus::PRUNUS_TARGET
