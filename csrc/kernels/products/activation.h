// Activations, within 4 eps * max(|x|, 1) of the formulas. NaN stays NaN under every one of them.
#pragma once

#include "formats.h"
#include "kernels/products/exponential.h"

namespace prunus::PRUNUS_TARGET {

// Those that kernels apply to sums in registers.
PRUNUS_INLINE bool is_simple(Activation activation) {
  return activation == Activation::identity || activation == Activation::relu;
}

template <class T>
PRUNUS_INLINE Vector<T> rectify(Vector<T> x) {
  return x < T(0) ? Vector<T>{} : x;
}

// values[i] = f(vector of values)[i] for i in [0, n), any alignment. The last vector is filled up with zeros.
template <class T, class F>
PRUNUS_INLINE void map_vectors(T* values, i64 n, F&& f) {
  i64 i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) {
    const Vector<T> y = f(load_unaligned(values + i));
    store_unaligned(values + i, y);
  }
  if (i == n) return;
  Vector<T> last = {};
  __builtin_memcpy(&last, values + i, static_cast<size_t>(n - i) * sizeof(T));
  last = f(last);
  __builtin_memcpy(values + i, &last, static_cast<size_t>(n - i) * sizeof(T));
}

// values[i] = activation(values[i]) for i in [0, n). O(n). Not inlined: it would make kernels of many kilobytes.
template <class T>
__attribute__((noinline)) void activate(T* values, i64 n, Activation activation, T negative_slope) noexcept {
  using V = Vector<T>;
  switch (activation) {
    case Activation::relu:
      return map_vectors(values, n, [](V x) { return rectify<T>(x); });
    case Activation::leaky_relu:
      return map_vectors(values, n, [=](V x) { return x < T(0) ? x * negative_slope : x; });
    case Activation::tanh:
      return map_vectors(values, n, [](V x) { return hyperbolic_tangent<T>(x); });
    case Activation::sigmoid:
      return map_vectors(values, n, [](V x) { return sigmoid<T>(x); });
    case Activation::gelu:
      return map_vectors(values, n, [](V x) { return gelu<T>(x); });
    case Activation::gelu_tanh:
      return map_vectors(values, n, [](V x) { return gelu_tanh<T>(x); });
    case Activation::silu:
      return map_vectors(values, n, [](V x) { return x * sigmoid<T>(x); });
    case Activation::identity:
    case Activation::count:
      return;
  }
}

// The activation of sums just stored. The usual two are inlined; no call for a few numbers.
template <class T>
PRUNUS_INLINE void finish(T* values, i64 n, const Epilogue<T>& epilogue) {
  if (epilogue.activation == Activation::identity) return;
  if (epilogue.activation == Activation::relu) {
    map_vectors(values, n, [](Vector<T> x) { return rectify<T>(x); });
  } else {
    activate(values, n, epilogue.activation, epilogue.negative_slope);
  }
}

}  // namespace prunus::PRUNUS_TARGET
