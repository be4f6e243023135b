// Sums of a few neighbouring rows times some vectors of a panel: where they begin, a column of weights, where they go.
// W are weights, A activations, S sums and what follows from them; a vector of a panel is one of S.
#pragma once

#include "kernels/products/activation.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// At the bias.
template <class S, int kRows, int kVectors>
PRUNUS_INLINE void start_sums(i64 n_rows, const S* bias, Vector<S> (&sum)[kRows][kVectors]) {
  for (i64 j = 0; j < kRows; ++j) {
    const Vector<S> start = broadcast(j < n_rows ? bias[j] : S(0));
    for (int v = 0; v < kVectors; ++v) sum[j][v] = start;
  }
}

// At what was stored.
template <i64 kWidth, class S, int kRows, int kVectors>
PRUNUS_INLINE void resume_sums(i64 n_rows, const S* sums, Vector<S> (&sum)[kRows][kVectors]) {
  for (i64 j = 0; j < kRows; ++j) {
    for (int v = 0; v < kVectors; ++v) {
      sum[j][v] = j < n_rows ? load(sums + j * kWidth + v * kLanes<S>) : broadcast(S(0));
    }
  }
}

template <class A, class S, int kVectors>
PRUNUS_INLINE void load_feature(const A* p, Vector<S> (&activations)[kVectors]) {
  for (int v = 0; v < kVectors; ++v) activations[v] = load_as<S>(p + v * kLanes<S>);
}

// The weights of a column, side by side, times kVectors vectors of a feature. Broadcasts from memory: there are loads
// to spare, and shuffles would share a port with the multiplications (Zen 3, dense: 95 % of the peak with loads, 82 %
// with shuffles).
template <class W, class S, int kRows, int kVectors>
PRUNUS_INLINE void add_weights(const W* PRUNUS_RESTRICT value, const Vector<S> (&activations)[kVectors],
                               Vector<S> (&sum)[kRows][kVectors]) {
  for (i64 j = 0; j < kRows; ++j) {
    const Vector<S> weight = broadcast(static_cast<S>(value[j]));
    for (int v = 0; v < kVectors; ++v) sum[j][v] = add_product<S>(sum[j][v], weight, activations[v]);
  }
}

template <i64 kWidth, class S, int kRows, int kVectors>
PRUNUS_INLINE void store_sums(i64 n_rows, const Vector<S> (&sum)[kRows][kVectors], S* to) {
  for (i64 j = 0; j < kRows; ++j) {  // so often always: a sum that is indexed by a variable leaves its register
    if (j >= n_rows) break;
    for (int v = 0; v < kVectors; ++v) store(to + j * kWidth + v * kLanes<S>, sum[j][v]);
  }
}

template <i64 kWidth, int kVectors, class S>
PRUNUS_INLINE void finish_rows(i64 n_rows, const Epilogue<S>& epilogue, S* y) {
  for (i64 j = 0; j < n_rows; ++j) finish(y + j * kWidth, kVectors * kLanes<S>, epilogue);
}

}  // namespace prunus::PRUNUS_TARGET
