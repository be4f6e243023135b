// Exponentials of vectors, and what is made of them. Everything here takes NaN to NaN.
#pragma once

#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// What float and double need: the least argument of exp that is no denormal yet; ln 2 in two parts, the first with few
// bits, so that n * kLn2High is exact; a number that, added, rounds to an integer and leaves it in the lowest bits; the
// number of terms of the series.
template <class T>
struct Exponential;
template <>
struct Exponential<float> {
  static constexpr float kLeast = -87.0F;
  static constexpr float kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  static constexpr float kRound = 12582912.0F;  // 1.5 * 2^23
  static constexpr int kFractionBits = 23, kTerms = 7;
};
template <>
struct Exponential<double> {
  static constexpr double kLeast = -708.0;
  static constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  static constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr int kFractionBits = 52, kTerms = 13;
};

// exp(x) = scale + scale * rest, where scale is a power of two and |rest| < 0.42.
template <class T>
struct SplitExponential {
  Vector<T> scale, rest;
};

// exp of x <= 0, taken as at least kLeast. x = n ln 2 + r with |r| <= ln 2 / 2; rest = exp(r) - 1 by its Taylor series,
// whose first term left out is below 0.1 eps.
template <class T>
PRUNUS_INLINE SplitExponential<T> split_exponential(Vector<T> x) {
  using Constants = Exponential<T>;
  x = x < Constants::kLeast ? broadcast(Constants::kLeast) : x;
  const Vector<T> shifted = x * T(1.44269504088896340736) + Constants::kRound;
  const Vector<T> n = shifted - Constants::kRound;
  const Vector<T> r = (x - n * Constants::kLn2High) - n * Constants::kLn2Low;
  T factorial = T(1);
  T coefficient[Constants::kTerms + 1];
  for (int k = 1; k <= Constants::kTerms; ++k) {
    factorial *= T(k);
    coefficient[k] = T(1) / factorial;
  }
  Vector<T> rest = broadcast(coefficient[Constants::kTerms]);
  for (int k = Constants::kTerms - 1; k >= 1; --k) rest = rest * r + coefficient[k];
  const Vector<T> one = broadcast(T(1));
  using Bits = Mask<T>;
  const Bits exponent = reinterpret_cast<Bits>(shifted) << Constants::kFractionBits;
  return {reinterpret_cast<Vector<T>>(reinterpret_cast<Bits>(one) + exponent), rest * r};
}

template <class T>
PRUNUS_INLINE Vector<T> absolute_value(Vector<T> x) {
  return x < T(0) ? -x : x;
}

// 1 / (1 + exp(-x)), by an exponential of negative numbers only, so that nothing overflows.
template <class T>
PRUNUS_INLINE Vector<T> sigmoid(Vector<T> x) {
  const SplitExponential<T> e = split_exponential<T>(-absolute_value<T>(x));
  const Vector<T> value = e.scale + e.scale * e.rest;
  return (x < T(0) ? value : broadcast(T(1))) / (value + T(1));
}

// (1 - e) / (1 + e) with e = exp(-2 |x|), and the sign of x; 1 - e without cancellation.
template <class T>
PRUNUS_INLINE Vector<T> hyperbolic_tangent(Vector<T> x) {
  const SplitExponential<T> e = split_exponential<T>(absolute_value<T>(x) * T(-2));
  const Vector<T> minus_one = e.scale * e.rest + (e.scale - T(1));
  const Vector<T> size = -minus_one / (minus_one + T(2));
  return x < T(0) ? -size : size;
}

// erfc(z) = exp(-z^2) * P((z - k) / (z + k)) / (1 + 2 z) for z >= 0. P interpolates erfcx(z) * (1 + 2 z) at the zeros
// of a Chebyshev polynomial; computed as here it is within 1.8 eps (float) and 2.2 eps (double) of that, relatively.
template <class T>
struct Erfc;
template <>
struct Erfc<float> {
  static constexpr float kCentre = 2.0F;
  static constexpr float kCoefficient[] = {1.27697839F,     -0.0927630821F,   -0.166031096F,  0.16403584F,
                                           -0.0542119585F,  -0.0079427217F,   0.00868915966F, 0.00104314458F,
                                           -0.00139570695F, -0.000183654437F, 0.000160803582F};
};
template <>
struct Erfc<double> {
  static constexpr double kCentre = 3.0;
  static constexpr double kCoefficient[] = {
      1.253008058269729547,     -0.13562110612457575026,    -0.047562294353420379084,   0.12964515870228346669,
      -0.11927366341676002309,  0.068308027356383970232,    -0.023770514891530075224,   0.0025293916672051723082,
      0.0018886900977441494999, -0.00077983127972901584712, -0.00010515831297813128185, 0.00012509531076254534043,
      4.9441243422236598513e-6, -2.0089997833284276618e-5,  -7.1878838344042666681e-7,  3.4542947702777378987e-6,
      3.3669790806407596011e-7, -5.9639836255227405399e-7,  -1.2054142286489379046e-7,  8.7658814117305584561e-8,
      2.7843881265502221215e-8, -7.6419628925899748948e-9,  -3.1813541434969274361e-9};
};

// x * (the normal distribution function at x), which is erfc(|x| / sqrt(2)) / 2, or 1 less that.
template <class T>
PRUNUS_INLINE Vector<T> gelu(Vector<T> x) {
  using Constants = Erfc<T>;
  constexpr int kDegree = sizeof(Constants::kCoefficient) / sizeof(T) - 1;
  const Vector<T> z = absolute_value<T>(x) * T(0.70710678118654752440);
  const Vector<T> t = (z - Constants::kCentre) / (z + Constants::kCentre);
  Vector<T> p = broadcast(Constants::kCoefficient[kDegree]);
  for (int k = kDegree - 1; k >= 0; --k) p = p * t + Constants::kCoefficient[k];
  const SplitExponential<T> e = split_exponential<T>(x * x * T(-0.5));
  const Vector<T> tail = (e.scale + e.scale * e.rest) * p / (z * T(4) + T(2));
  // Where z is infinite t is NaN, and the tail is 0.
  const Vector<T> known = z > T(30) ? broadcast(T(0)) : tail;
  return x * (x < T(0) ? known : T(1) - known);
}

// With the tanh of u: x (1 + tanh(u)) / 2 = x sigmoid(2 u).
template <class T>
PRUNUS_INLINE Vector<T> gelu_tanh(Vector<T> x) {
  return x * sigmoid<T>(x * (x * x * T(2 * 0.79788456080286535588 * 0.044715) + T(2 * 0.79788456080286535588)));
}

}  // namespace prunus::PRUNUS_TARGET
