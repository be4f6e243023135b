// The compiler's own vector type, as wide as the target's registers, so that one source serves every target. This
// folder is the only vocabulary of vector code: a kernel sees neither an intrinsic nor a width.
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

// Vector registers of the target.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif

// Whether a product and a sum are one instruction.
#if defined(__FMA__) || defined(__aarch64__)
constexpr bool kHasFma = true;
#else
constexpr bool kHasFma = false;
#endif

// A number that is known at compile time, as an argument.
template <int n>
struct Count {
  static constexpr int kCount = n;
};

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

template <class T, class U>
constexpr bool kIsSame = false;
template <class T>
constexpr bool kIsSame<T, T> = true;

// As many numbers of A as a vector has lanes of S, as such a vector. p must be aligned to it if they are the same.
template <class S, class A>
PRUNUS_INLINE Vector<S> load_as(const A* p) {
  if constexpr (kIsSame<A, S>) {
    return load(p);
  } else {
    typedef A Numbers __attribute__((vector_size(kLanes<S> * sizeof(A))));
    Numbers numbers;
    __builtin_memcpy(&numbers, p, sizeof numbers);
    return __builtin_convertvector(numbers, Vector<S>);
  }
}

template <class T>
PRUNUS_INLINE void store(T* p, Vector<T> v) {
  *reinterpret_cast<Vector<T>*>(p) = v;
}

// By value: GCC keeps an array of vectors, of which one is copied from its place, in memory.
template <class T>
PRUNUS_INLINE void store_unaligned(T* p, Vector<T> v) {
  __builtin_memcpy(p, &v, sizeof v);
}

template <class T>
PRUNUS_INLINE Vector<T> broadcast(T x) {
  return x - Vector<T>{};
}

// sum + a * b, rounded once where the target can: said, not left to the compiler, where kernels of several shapes must
// give the same bits (Clang fuses in one loop and not in another).
template <class T>
PRUNUS_INLINE Vector<T> add_product(Vector<T> sum, Vector<T> a, Vector<T> b) {
#if PRUNUS_VECTOR_BYTES == 64 && defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    return reinterpret_cast<Vector<T>>(
        _mm512_fmadd_ps(reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b), reinterpret_cast<__m512>(sum)));
  } else {
    return reinterpret_cast<Vector<T>>(
        _mm512_fmadd_pd(reinterpret_cast<__m512d>(a), reinterpret_cast<__m512d>(b), reinterpret_cast<__m512d>(sum)));
  }
#elif PRUNUS_VECTOR_BYTES == 32 && defined(__FMA__)
  if constexpr (sizeof(T) == 4) {
    return reinterpret_cast<Vector<T>>(
        _mm256_fmadd_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b), reinterpret_cast<__m256>(sum)));
  } else {
    return reinterpret_cast<Vector<T>>(
        _mm256_fmadd_pd(reinterpret_cast<__m256d>(a), reinterpret_cast<__m256d>(b), reinterpret_cast<__m256d>(sum)));
  }
#elif defined(__aarch64__) && PRUNUS_VECTOR_BYTES == 16
  if constexpr (sizeof(T) == 4) {
    return reinterpret_cast<Vector<T>>(vfmaq_f32(reinterpret_cast<float32x4_t>(sum), reinterpret_cast<float32x4_t>(a),
                                                 reinterpret_cast<float32x4_t>(b)));
  } else {
    return reinterpret_cast<Vector<T>>(vfmaq_f64(reinterpret_cast<float64x2_t>(sum), reinterpret_cast<float64x2_t>(a),
                                                 reinterpret_cast<float64x2_t>(b)));
  }
#else
  return sum + a * b;
#endif
}

// The same of single numbers.
PRUNUS_INLINE float add_product_of(float sum, float a, float b) {
  return kHasFma ? __builtin_fmaf(a, b, sum) : sum + a * b;
}
PRUNUS_INLINE double add_product_of(double sum, double a, double b) {
  return kHasFma ? __builtin_fma(a, b, sum) : sum + a * b;
}

// Into L2: what comes from memory long before it is needed would push others out of L1, and take its few outstanding
// misses (Zen 4, 1024 x 1024, four samples, dense: into L1 113 us, from memory 240; into L2 83 and 160 to 190).
PRUNUS_INLINE void prefetch(const void* p) { __builtin_prefetch(p, 0, 2); }

// For weights that are read once, from one end to the other: by itself the hardware brings a stream from L3 at about 5
// bytes a cycle (Zen 3), a third of what it can. How far ahead: one sample of 1024 x 1024 at half density from memory
// took 160 us in sell, 143 in lookup and 105 in bitmap with 4 KB, 150, 120 and 91 with 8, no less with 12 and 16 (Intel
// Xeon, 512-bit).
constexpr i64 kPrefetchBytes = 8192;

PRUNUS_INLINE const void* ahead_of(const void* p) {  // may be past the end
  return reinterpret_cast<const void*>(reinterpret_cast<u64>(p) + u64{kPrefetchBytes});
}

PRUNUS_INLINE void prefetch_ahead(const void* p) { prefetch(ahead_of(p)); }

// Into L1.
PRUNUS_INLINE void prefetch_ahead_near(const void* p) { __builtin_prefetch(ahead_of(p)); }

// Where something will be written.
PRUNUS_INLINE void prefetch_to_write(const void* p) { __builtin_prefetch(p, 1); }

// Lane l is at(l).
template <class T, class F>
PRUNUS_INLINE Vector<T> lanes_of(F&& at) {
  if constexpr (kLanes<T> == 2) {
    return Vector<T>{at(0), at(1)};
  } else if constexpr (kLanes<T> == 4) {
    return Vector<T>{at(0), at(1), at(2), at(3)};
  } else if constexpr (kLanes<T> == 8) {
    return Vector<T>{at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)};
  } else {
    return Vector<T>{at(0), at(1), at(2),  at(3),  at(4),  at(5),  at(6),  at(7),
                     at(8), at(9), at(10), at(11), at(12), at(13), at(14), at(15)};
  }
}

// Lane l is x[offset[l]].
template <class T, class Offset>
PRUNUS_INLINE Vector<T> gather(const T* x, const Offset* offset) {
  return lanes_of<T>([&](i64 l) { return x[offset[l]]; });
}

// Lane l is x[l * stride].
template <class T>
PRUNUS_INLINE Vector<T> gather_stride(const T* x, i64 stride) {
  return lanes_of<T>([&](i64 l) { return x[l * stride]; });
}

// What is in the vector is not known to the compiler.
template <class V>
PRUNUS_INLINE void keep_vector(V& v) {
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__x86_64__)
  asm("" : "+x"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
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
