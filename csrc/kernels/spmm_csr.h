// Sparse matrix times a panel of samples.
//
// A panel holds a tile of the batch feature by feature, [feature][width], so that one entry of the matrix meets a run
// of neighbouring samples: a broadcast and a few fused multiply-adds, no gather. Width is a multiple of the target's
// lanes.
#pragma once

#include "kernels/activation.h"
#include "simd.h"

namespace prunus::PRUNUS_TARGET {

// The sums of a row stay in registers over all its entries. A sample's result depends on its row of x alone: neither on
// its lane nor on the width of the panel.
template <class T, int kVectors>
void spmm_csr_width(const Csr<T>& w, const T* PRUNUS_RESTRICT x, const Epilogue<T>& epilogue,
                    T* PRUNUS_RESTRICT y) noexcept {
  constexpr i64 width = kVectors * kLanes<T>;
  for (i64 r = 0; r < w.n_rows; ++r) {
    Vector<T> sum[kVectors];
    for (int v = 0; v < kVectors; ++v) sum[v] = broadcast(epilogue.bias[r]);
    for (i64 e = w.row_start[r]; e < w.row_start[r + 1]; ++e) {
      const Vector<T> value = broadcast(w.value[e]);
      const T* PRUNUS_RESTRICT feature = x + w.column[e] * width;
      for (int v = 0; v < kVectors; ++v) sum[v] += value * load(feature + v * kLanes<T>);
    }
    T* PRUNUS_RESTRICT out = y + r * width;
    for (int v = 0; v < kVectors; ++v) store(out + v * kLanes<T>, sum[v]);
    activate(out, width, epilogue.activation, epilogue.negative_slope);
  }
}

// y[r, s] = activation(sum of w[r, c] * x[c, s] + bias[r]). w: CSR (n_rows, n_cols); x: panel (n_cols, width); y: panel
// (n_rows, width); both aligned to a vector, not overlapping. width is 1, 2, 4 or 8 vectors. O(entries * width).
template <class T>
void spmm_csr(const Csr<T>& w, const T* PRUNUS_RESTRICT x, i64 width, const Epilogue<T>& epilogue,
              T* PRUNUS_RESTRICT y) noexcept {
  switch (width / kLanes<T>) {
    case 1:
      return spmm_csr_width<T, 1>(w, x, epilogue, y);
    case 2:
      return spmm_csr_width<T, 2>(w, x, epilogue, y);
    case 4:
      return spmm_csr_width<T, 4>(w, x, epilogue, y);
    default:
      PRUNUS_ASSERT(width == 8 * kLanes<T>);
      return spmm_csr_width<T, 8>(w, x, epilogue, y);
  }
}

}  // namespace prunus::PRUNUS_TARGET
