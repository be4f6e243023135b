// Products of the columns of a matrix that lies in rows with a few vectors: one pass over the matrix serves them all.
#pragma once

#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// out[r, j] = sum over samples i of q[r, i] * x[i, j], j in [0, n), for each row r of q; out may overlap neither. O(n)
// for each sample and row of q. Eight samples go at a time, so that a sum is loaded and stored once for eight products;
// all sums should fit L1.
template <class T>
void column_products(Samples<const T> x, Samples<const T> q, i64 n, Rows<T> out) noexcept {
  const T* PRUNUS_RESTRICT const x_0 = x.data;
  const T* PRUNUS_RESTRICT const q_0 = q.data;
  T* PRUNUS_RESTRICT const out_0 = out.data;
  const i64 x_stride = x.stride, q_stride = q.stride, out_stride = out.stride, n_q = q.n;
  const auto add_rows = [&](auto rows, i64 i) {
    constexpr i64 kCount = decltype(rows)::kCount;
    const T* PRUNUS_RESTRICT from = x_0 + i * x_stride;
    const i64 whole = n / kLanes<T> * kLanes<T>;
    for (i64 j = 0; j < whole; j += kLanes<T>) {
      Vector<T> value[kCount];
      for (i64 t = 0; t < kCount; ++t) value[t] = load_unaligned(from + t * x_stride + j);
      const T* factor = q_0 + i;
      T* to = out_0 + j;
      for (i64 left = n_q; left > 0; --left, factor += q_stride, to += out_stride) {
        Vector<T> sum = load_unaligned(to);
        for (i64 t = 0; t < kCount; ++t) sum = add_product<T>(sum, broadcast(factor[t]), value[t]);
        store_unaligned(to, sum);
      }
    }
    for (i64 r = 0; r < n_q; ++r) {
      for (i64 j = whole; j < n; ++j) {
        T sum = out_0[r * out_stride + j];
        for (i64 t = 0; t < kCount; ++t) sum += q_0[r * q_stride + i + t] * from[t * x_stride + j];
        out_0[r * out_stride + j] = sum;
      }
    }
  };
  for (i64 r = 0; r < n_q; ++r) {
    for (i64 j = 0; j < n; ++j) out_0[r * out_stride + j] = 0;
  }
  i64 i = 0;
  for (; i + 8 <= x.n; i += 8) add_rows(Count<8>{}, i);
  for (; i < x.n; ++i) add_rows(Count<1>{}, i);
}

}  // namespace prunus::PRUNUS_TARGET
