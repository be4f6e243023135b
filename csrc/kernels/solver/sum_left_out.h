// Errors of samples that are left out of a fit, while features join it.
#pragma once

#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// A panel of `width` samples, a multiple of the lanes: q[t, s] is what the t-th feature adds to the root of a sample's
// leverage, left[s] what leverage leaves of one, error[k, s] its residual in output k. For every t, left -= q^2,
// error -= q * z[t, k], sum[t] += the sum over samples and outputs of (error / left)^2, infinite where left is not
// above `least`. left and error are brought up to date; sum may not overlap them. O(n_steps * width * n_out).
template <class T>
void sum_left_out(const T* PRUNUS_RESTRICT q, i64 n_steps, i64 width, const T* PRUNUS_RESTRICT z, i64 n_out, T least,
                  T* PRUNUS_RESTRICT left, T* PRUNUS_RESTRICT error, T* PRUNUS_RESTRICT sum) noexcept {
  for (i64 t = 0; t < n_steps; ++t) {
    Vector<T> total{};
    for (i64 s = 0; s < width; s += kLanes<T>) {
      const Vector<T> own = load_unaligned(q + t * width + s);
      const Vector<T> rest = load_unaligned(left + s) - own * own;
      store_unaligned(left + s, rest);
      const auto is_left = rest > broadcast(least);
      const Vector<T> inverse = is_left ? broadcast(T(1)) / rest : Vector<T>{};
      total += is_left ? Vector<T>{} : broadcast(T(__builtin_huge_val()));
      for (i64 k = 0; k < n_out; ++k) {
        T* to = error + k * width + s;
        const Vector<T> off = load_unaligned(to) - own * broadcast(z[t * n_out + k]);
        store_unaligned(to, off);
        const Vector<T> ratio = off * inverse;
        total += ratio * ratio;
      }
    }
    for (i64 l = 0; l < kLanes<T>; ++l) sum[t] += total[l];
  }
}

}  // namespace prunus::PRUNUS_TARGET
