// Products of the columns of a matrix that lies in rows with a few vectors: one pass over the matrix serves them all.
#pragma once

#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// out[r, j] = sum over i < n_rows of q[r, i] * x[i, j], j in [0, n), r in [0, n_q). Rows of x are x_stride apart, those
// of q q_stride, those of out out_stride; out may overlap neither. O(n_rows * n * n_q). Eight rows of x go at a time,
// so that a sum is loaded and stored once for eight products; n * n_q sums should fit L1.
template <class T>
void column_products(const T* PRUNUS_RESTRICT x, i64 x_stride, i64 n_rows, const T* PRUNUS_RESTRICT q, i64 q_stride,
                     i64 n_q, i64 n, T* PRUNUS_RESTRICT out, i64 out_stride) noexcept {
  const auto add_rows = [&](auto rows, i64 i) {
    constexpr i64 kCount = decltype(rows)::kCount;
    const T* PRUNUS_RESTRICT from = x + i * x_stride;
    const i64 whole = n / kLanes<T> * kLanes<T>;
    for (i64 j = 0; j < whole; j += kLanes<T>) {
      Vector<T> value[kCount];
      for (i64 t = 0; t < kCount; ++t) value[t] = load_unaligned(from + t * x_stride + j);
      for (i64 r = 0; r < n_q; ++r) {
        const T* PRUNUS_RESTRICT factor = q + r * q_stride + i;
        T* to = out + r * out_stride + j;
        Vector<T> sum = load_unaligned(to);
        for (i64 t = 0; t < kCount; ++t) sum = add_product<T>(sum, broadcast(factor[t]), value[t]);
        store_unaligned(to, sum);
      }
    }
    for (i64 r = 0; r < n_q; ++r) {
      for (i64 j = whole; j < n; ++j) {
        T sum = out[r * out_stride + j];
        for (i64 t = 0; t < kCount; ++t) sum += q[r * q_stride + i + t] * from[t * x_stride + j];
        out[r * out_stride + j] = sum;
      }
    }
  };
  for (i64 r = 0; r < n_q; ++r) {
    for (i64 j = 0; j < n; ++j) out[r * out_stride + j] = 0;
  }
  i64 i = 0;
  for (; i + 8 <= n_rows; i += 8) add_rows(Count<8>{}, i);
  for (; i < n_rows; ++i) add_rows(Count<1>{}, i);
}

}  // namespace prunus::PRUNUS_TARGET
