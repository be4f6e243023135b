// The only vector code's vocabulary. The compiler's own vector type, as wide as the target's registers, so that one
// source serves every target; a kernel sees neither an intrinsic nor a width.
#pragma once

#include "base.h"

#if defined(__x86_64__)
#  include <immintrin.h>
#elif defined(__aarch64__)
#  include <arm_neon.h>
#endif

namespace prunus::PRUNUS_TARGET {

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(PRUNUS_VECTOR_BYTES)));
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(PRUNUS_VECTOR_BYTES)));
};

template <class T>
using Vector = typename VectorOf<T>::type;

template <class T>
constexpr i64 kLanes = PRUNUS_VECTOR_BYTES / sizeof(T);

// p must be aligned to the vector.
template <class T>
PRUNUS_INLINE Vector<T> load(const T* p) {
  return *reinterpret_cast<const Vector<T>*>(p);
}

template <class T>
PRUNUS_INLINE Vector<T> load_unaligned(const T* p) {
  Vector<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
PRUNUS_INLINE void store(T* p, Vector<T> v) {
  *reinterpret_cast<Vector<T>*>(p) = v;
}

template <class T>
PRUNUS_INLINE Vector<T> broadcast(T x) {
  return x - Vector<T>{};
}

// Keeps the compiler from making vectors of a scalar loop: x passes through a register of its own, and costs nothing.
template <class T>
PRUNUS_INLINE void keep_scalar(T& x) {
#if defined(__x86_64__)
  asm("" : "+x"(x));
#elif defined(__aarch64__)
  asm("" : "+w"(x));
#endif
}

// What a comparison of two vectors gives: -1 in the lanes where it holds, 0 in the others.
template <class T>
using Mask = decltype(Vector<T>{} < Vector<T>{});

// Bit i is set where lane i of a mask is.
PRUNUS_INLINE uint32_t lane_bits(Mask<float> m) {
#if defined(__AVX512DQ__)
  return _mm512_movepi32_mask(reinterpret_cast<__m512i>(m));
#elif defined(__AVX2__)
  return static_cast<uint32_t>(_mm256_movemask_ps(reinterpret_cast<__m256>(m)));
#elif defined(__x86_64__)
  return static_cast<uint32_t>(_mm_movemask_ps(reinterpret_cast<__m128>(m)));
#else
  const uint32x4_t bits = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(reinterpret_cast<uint32x4_t>(m), bits));
#endif
}

PRUNUS_INLINE uint32_t lane_bits(Mask<double> m) {
#if defined(__AVX512DQ__)
  return _mm512_movepi64_mask(reinterpret_cast<__m512i>(m));
#elif defined(__AVX2__)
  return static_cast<uint32_t>(_mm256_movemask_pd(reinterpret_cast<__m256d>(m)));
#elif defined(__x86_64__)
  return static_cast<uint32_t>(_mm_movemask_pd(reinterpret_cast<__m128d>(m)));
#else
  const uint64x2_t bits = {1, 2};
  return static_cast<uint32_t>(vaddvq_u64(vandq_u64(reinterpret_cast<uint64x2_t>(m), bits)));
#endif
}

// The sum of the lanes that a count of masks (count -= mask) holds.
template <class M>
PRUNUS_INLINE i64 sum_lanes(M counts) {
  i64 sum = 0;
  for (unsigned i = 0; i < sizeof(M) / sizeof(counts[0]); ++i) sum += counts[i];
  return sum;
}

}  // namespace prunus::PRUNUS_TARGET
