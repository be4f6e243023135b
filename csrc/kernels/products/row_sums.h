// Sums of a few neighbouring rows times some vectors of a panel: where they begin, a column of weights, where they go.
#pragma once

#include "kernels/products/activation.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// At the bias.
template <class T, int kRows, int kVectors>
PRUNUS_INLINE void start_sums(i64 n_rows, const T* bias, Vector<T> (&sum)[kRows][kVectors]) {
  for (i64 j = 0; j < kRows; ++j) {
    const Vector<T> start = broadcast(j < n_rows ? bias[j] : T(0));
    for (int v = 0; v < kVectors; ++v) sum[j][v] = start;
  }
}

// At what was stored.
template <i64 kWidth, class T, int kRows, int kVectors>
PRUNUS_INLINE void resume_sums(i64 n_rows, const T* y, Vector<T> (&sum)[kRows][kVectors]) {
  for (i64 j = 0; j < kRows; ++j) {
    for (int v = 0; v < kVectors; ++v) {
      sum[j][v] = j < n_rows ? load(y + j * kWidth + v * kLanes<T>) : broadcast(T(0));
    }
  }
}

template <class T, int kVectors>
PRUNUS_INLINE void load_feature(const T* p, Vector<T> (&activations)[kVectors]) {
  for (int v = 0; v < kVectors; ++v) activations[v] = load(p + v * kLanes<T>);
}

// The weights of a column, side by side, times kVectors vectors of a feature. Broadcasts from memory: there are loads
// to spare, and shuffles would share a port with the multiplications (Zen 3, dense: 95 % of the peak with loads, 82 %
// with shuffles).
template <class T, int kRows, int kVectors>
PRUNUS_INLINE void add_weights(const T* PRUNUS_RESTRICT value, const Vector<T> (&activations)[kVectors],
                               Vector<T> (&sum)[kRows][kVectors]) {
  for (i64 j = 0; j < kRows; ++j) {
    const Vector<T> weight = broadcast(value[j]);
    for (int v = 0; v < kVectors; ++v) sum[j][v] = add_product<T>(sum[j][v], weight, activations[v]);
  }
}

template <i64 kWidth, class T, int kRows, int kVectors>
PRUNUS_INLINE void store_sums(i64 n_rows, const Vector<T> (&sum)[kRows][kVectors], T* y) {
  for (i64 j = 0; j < kRows; ++j) {  // so often always: a sum that is indexed by a variable leaves its register
    if (j >= n_rows) break;
    for (int v = 0; v < kVectors; ++v) store(y + j * kWidth + v * kLanes<T>, sum[j][v]);
  }
}

template <i64 kWidth, int kVectors, class T>
PRUNUS_INLINE void finish_rows(i64 n_rows, const Epilogue<T>& epilogue, T* y) {
  for (i64 j = 0; j < n_rows; ++j) finish(y + j * kWidth, kVectors * kLanes<T>, epilogue);
}

}  // namespace prunus::PRUNUS_TARGET
