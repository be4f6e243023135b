// Blocks of four rows and one column times one sample or a few, row-major.
#pragma once

#include "kernels/activation.h"
#include "kernels/blocks.h"
#include "simd.h"

namespace prunus::PRUNUS_TARGET {

// The weights of a quad of columns in one group: so many vectors.
template <class T>
constexpr i64 kQuadWeights = kQuad<T> * kBlockRows / kLanes<T>;

// Activations beside the vectors of kQuadWeights: each of the quad's columns repeated for four rows.
template <class T>
PRUNUS_INLINE void spread_quad(const T* p, Vector<T> (&spread)[kQuadWeights<T>]) {
  const Vector<T> quad = load_quad(p);
  if constexpr (kLanes<T> > kBlockRows) {
    spread[0] = repeat_quad<0>(quad);
    if constexpr (kQuadWeights<T> > 1) spread[1] = repeat_quad<1>(quad);
  } else {
    constexpr i64 kEach = kBlockRows / kLanes<T>;  // vectors of a column
    for (i64 i = 0; i < kEach; ++i) {
      spread[i] = splat<0>(quad);
      spread[kEach + i] = splat<1>(quad);
      if constexpr (kQuad<T> == 4) {
        spread[2 * kEach + i] = splat<2>(quad);
        spread[3 * kEach + i] = splat<3>(quad);
      }
    }
  }
}

// Rows of kGroups groups for kSamples samples. x: sample s at x + s * x_stride; y likewise.
template <class T, int kGroups, int kSamples>
PRUNUS_INLINE void dense_rows(const Blocks<T>& w, i64 group, const T* PRUNUS_RESTRICT x, i64 x_stride,
                              const Epilogue<T>& epilogue, T* PRUNUS_RESTRICT y, i64 y_stride) {
  constexpr i64 kWeights = kQuadWeights<T>;
  Vector<T> sum[kGroups][kSamples][kWeights];
  for (auto& of_group : sum) {
    for (auto& of_sample : of_group) {
      for (Vector<T>& v : of_sample) v = broadcast(T(0));
    }
  }
  const i64 group_values = w.n_cols * kBlockRows;
  const T* PRUNUS_RESTRICT value = w.value + group * group_values;
  i64 c = 0;
  for (; c + kQuad<T> <= w.n_cols; c += kQuad<T>) {
    for (int g = 0; g < kGroups; ++g) prefetch_ahead(value + g * group_values + c * kBlockRows);
    Vector<T> weight[kGroups][kWeights];
    for (int g = 0; g < kGroups; ++g) {
      for (i64 i = 0; i < kWeights; ++i) {
        weight[g][i] = load_unaligned(value + g * group_values + c * kBlockRows + i * kLanes<T>);
      }
    }
    for (int s = 0; s < kSamples; ++s) {
      Vector<T> spread[kWeights];
      spread_quad(x + s * x_stride + c, spread);
      for (int g = 0; g < kGroups; ++g) {
        for (i64 i = 0; i < kWeights; ++i) sum[g][s][i] += weight[g][i] * spread[i];
      }
    }
  }
  // By way of memory: sums that are indexed by a variable would be kept there in the loop above too.
  alignas(kCacheLine) T lanes[kGroups][kSamples][kWeights * kLanes<T>];
  for (int g = 0; g < kGroups; ++g) {
    for (int s = 0; s < kSamples; ++s) {
      for (i64 i = 0; i < kWeights; ++i) store(&lanes[g][s][i * kLanes<T>], sum[g][s][i]);
    }
  }
  for (int g = 0; g < kGroups; ++g) {
    for (int s = 0; s < kSamples; ++s) {
      T total[kBlockRows] = {T(0), T(0), T(0), T(0)};
      for (i64 l = 0; l < kWeights * kLanes<T>; ++l) total[l % kBlockRows] += lanes[g][s][l];
      for (i64 j = 0; j < rows_of(w, group + g); ++j) {
        for (i64 k = c; k < w.n_cols; ++k)
          total[j] += value[g * group_values + k * kBlockRows + j] * x[s * x_stride + k];
        const i64 row = (group + g) * kBlockRows + j;
        y[s * y_stride + row] = total[j] + epilogue.bias[row];
      }
    }
  }
}

template <class T>
struct FourRows {
  typedef T type __attribute__((vector_size(kBlockRows * sizeof(T))));
};

template <class T>
PRUNUS_INLINE void sparse_rows(const Blocks<T>& w, i64 group, const T* PRUNUS_RESTRICT x, const Epilogue<T>& epilogue,
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
  for (i64 j = 0; j < rows_of(w, group); ++j) {
    y[group * kBlockRows + j] = sum[0][j] + epilogue.bias[group * kBlockRows + j];
  }
}

// As many groups and samples at a time as keep about eight sums in flight.
template <class T, int kSamples>
PRUNUS_INLINE void dense_part(const Blocks<T>& w, i64 part, const T* x, i64 x_stride, const Epilogue<T>& epilogue, T* y,
                              i64 y_stride) {
  constexpr int kGroups = kSamples * kQuadWeights<T> >= 8 ? 1 : static_cast<int>(8 / (kSamples * kQuadWeights<T>));
  const Range groups = groups_of(w, part);
  i64 g = groups.begin;
  for (; g + kGroups <= groups.end; g += kGroups) {
    dense_rows<T, kGroups, kSamples>(w, g, x, x_stride, epilogue, y, y_stride);
  }
  for (; g < groups.end; ++g) dense_rows<T, 1, kSamples>(w, g, x, x_stride, epilogue, y, y_stride);
}

// y[s, r] = activation(sum of w[r, c] * x[s, c] + bias[r]) for n samples and the rows r of a part. Sample s at x + s *
// x_stride and y + s * y_stride, not overlapping. O(4 * blocks * n).
template <class T>
void spmv_blocks(const Blocks<T>& w, i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                 i64 y_stride) noexcept {
  const Range groups = groups_of(w, part);
  for (i64 s = 0; s < n;) {
    const T* in = x + s * x_stride;
    T* out = y + s * y_stride;
    if (!w.is_dense) {
      for (i64 g = groups.begin; g < groups.end; ++g) sparse_rows(w, g, in, epilogue, out);
      s += 1;
    } else if (n - s >= 4) {
      dense_part<T, 4>(w, part, in, x_stride, epilogue, out, y_stride);
      s += 4;
    } else if (n - s >= 2) {
      dense_part<T, 2>(w, part, in, x_stride, epilogue, out, y_stride);
      s += 2;
    } else {
      dense_part<T, 1>(w, part, in, x_stride, epilogue, out, y_stride);
      s += 1;
    }
  }
  const Range rows = rows_of_part(w.n_rows, part);
  for (i64 s = 0; s < n; ++s) finish(y + s * y_stride + rows.begin, rows.end - rows.begin, epilogue);
}

}  // namespace prunus::PRUNUS_TARGET
