// Activations, one value at a time, through the C library's functions: within 4 eps * max(|x|, 1) of the formulas.
#pragma once

#include "formats.h"

namespace prunus::PRUNUS_TARGET {

PRUNUS_INLINE float exponential(float x) { return __builtin_expf(x); }
PRUNUS_INLINE double exponential(double x) { return __builtin_exp(x); }
PRUNUS_INLINE float hyperbolic_tangent(float x) { return __builtin_tanhf(x); }
PRUNUS_INLINE double hyperbolic_tangent(double x) { return __builtin_tanh(x); }
PRUNUS_INLINE float complementary_error(float x) { return __builtin_erfcf(x); }
PRUNUS_INLINE double complementary_error(double x) { return __builtin_erfc(x); }

template <class T>
PRUNUS_INLINE T sigmoid(T x) {
  // exp of a negative number only, so that nothing overflows.
  const T e = exponential(x < T(0) ? x : -x);
  return (x < T(0) ? e : T(1)) / (T(1) + e);
}

template <class T>
PRUNUS_INLINE T gelu(T x) {
  return T(0.5) * x * complementary_error(x * T(-0.70710678118654752440));  // 1 + erf would cancel
}

template <class T>
PRUNUS_INLINE T gelu_tanh(T x) {
  return T(0.5) * x * (T(1) + hyperbolic_tangent(T(0.79788456080286535588) * (x + T(0.044715) * x * x * x)));
}

// values[i] = activation(values[i]) for i in [0, n). NaN stays NaN under every one of them.
template <class T>
void activate(T* PRUNUS_RESTRICT values, i64 n, Activation activation, T negative_slope) noexcept {
  switch (activation) {
    case Activation::relu:
      for (i64 i = 0; i < n; ++i) values[i] = values[i] < T(0) ? T(0) : values[i];
      break;
    case Activation::leaky_relu:
      for (i64 i = 0; i < n; ++i) values[i] = values[i] < T(0) ? values[i] * negative_slope : values[i];
      break;
    case Activation::tanh:
      for (i64 i = 0; i < n; ++i) values[i] = hyperbolic_tangent(values[i]);
      break;
    case Activation::sigmoid:
      for (i64 i = 0; i < n; ++i) values[i] = sigmoid(values[i]);
      break;
    case Activation::gelu:
      for (i64 i = 0; i < n; ++i) values[i] = gelu(values[i]);
      break;
    case Activation::gelu_tanh:
      for (i64 i = 0; i < n; ++i) values[i] = gelu_tanh(values[i]);
      break;
    case Activation::silu:
      for (i64 i = 0; i < n; ++i) values[i] = values[i] * sigmoid(values[i]);
      break;
    case Activation::identity:
    case Activation::count:
      break;
  }
}

}  // namespace prunus::PRUNUS_TARGET
