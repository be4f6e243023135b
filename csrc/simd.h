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

// For weights that are read once, from one end to the other: by itself the hardware brings a stream from L3 at about 5
// bytes a cycle (Zen 3), a third of what it can.
constexpr i64 kPrefetchBytes = 4096;

template <class T>
PRUNUS_INLINE void prefetch_ahead(const T* p) {
  __builtin_prefetch(reinterpret_cast<const char*>(p) + kPrefetchBytes);
}

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

// Lane l is x[offset[l]], one load for each: on AVX2 0.85 cycles an element where the gather instruction takes 1.5.
template <class T, class Offset>
PRUNUS_INLINE Vector<T> gather(const T* x, const Offset* offset) {
  return lanes_of<T>([&](i64 l) { return x[offset[l]]; });
}

// Lane l is x[l * stride].
template <class T>
PRUNUS_INLINE Vector<T> gather_stride(const T* x, i64 stride) {
  return lanes_of<T>([&](i64 l) { return x[l * stride]; });
}

// A vector is made of quads: 16 bytes each, within which shuffles are cheap on every processor.
template <class T>
constexpr i64 kQuad = 16 / sizeof(T);

template <class T>
constexpr i64 kQuads = kLanes<T> / kQuad<T>;

// The quad at p, any alignment, in every quad of the vector.
PRUNUS_INLINE Vector<float> load_quad(const float* p) {
#if PRUNUS_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return _mm512_broadcast_f32x4(_mm_loadu_ps(p));
#elif PRUNUS_VECTOR_BYTES == 32
  return _mm256_broadcast_ps(reinterpret_cast<const __m128*>(p));
#elif PRUNUS_VECTOR_BYTES == 16
  return load_unaligned(p);
#else
  Vector<float> v;
  for (i64 l = 0; l < kLanes<float>; ++l) v[l] = p[l % 4];
  return v;
#endif
}

PRUNUS_INLINE Vector<double> load_quad(const double* p) {
#if PRUNUS_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return _mm512_castps_pd(_mm512_broadcast_f32x4(_mm_castpd_ps(_mm_loadu_pd(p))));
#elif PRUNUS_VECTOR_BYTES == 32
  return _mm256_broadcast_pd(reinterpret_cast<const __m128d*>(p));
#elif PRUNUS_VECTOR_BYTES == 16
  return load_unaligned(p);
#else
  Vector<double> v;
  for (i64 l = 0; l < kLanes<double>; ++l) v[l] = p[l % 2];
  return v;
#endif
}

// Element i of each quad, in all of that quad. Costs a shuffle where a broadcast from memory would cost a load.
template <int i>
PRUNUS_INLINE Vector<float> splat(Vector<float> v) {
#if PRUNUS_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return _mm512_permute_ps(v, i * 0x55);
#elif PRUNUS_VECTOR_BYTES == 32
  return _mm256_permute_ps(v, i * 0x55);
#elif defined(__aarch64__)
  return vdupq_laneq_f32(v, i);
#elif PRUNUS_VECTOR_BYTES == 16
  return _mm_shuffle_ps(v, v, i * 0x55);
#else
  Vector<float> r;
  for (i64 l = 0; l < kLanes<float>; ++l) r[l] = v[l / 4 * 4 + i];
  return r;
#endif
}

template <int i>
PRUNUS_INLINE Vector<double> splat(Vector<double> v) {
#if PRUNUS_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return _mm512_permute_pd(v, i * 0xFF);
#elif PRUNUS_VECTOR_BYTES == 32
  return _mm256_permute_pd(v, i * 0xF);
#elif defined(__aarch64__)
  return vdupq_laneq_f64(v, i);
#elif PRUNUS_VECTOR_BYTES == 16
  return _mm_shuffle_pd(v, v, i * 3);
#else
  Vector<double> r;
  for (i64 l = 0; l < kLanes<double>; ++l) r[l] = v[l / 2 * 2 + i];
  return r;
#endif
}

// Quad q of the vector comes from p + q * stride, any alignment.
template <class T>
PRUNUS_INLINE Vector<T> gather_quads(const T* p, i64 stride) {
#if PRUNUS_VECTOR_BYTES == 32
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + stride));
  return reinterpret_cast<Vector<T>>(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1));
#elif PRUNUS_VECTOR_BYTES == 64 && defined(__AVX512F__)
  __m512i v = _mm512_castsi128_si512(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  v = _mm512_inserti32x4(v, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + stride)), 1);
  v = _mm512_inserti32x4(v, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 2 * stride)), 2);
  v = _mm512_inserti32x4(v, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 3 * stride)), 3);
  return reinterpret_cast<Vector<T>>(v);
#else
  Vector<T> v;
  for (i64 q = 0; q < kQuads<T>; ++q) {
    __builtin_memcpy(reinterpret_cast<char*>(&v) + 16 * q, p + q * stride, 16);
  }
  return v;
#endif
}

// Quad q of the vector goes to p + q * stride, any alignment.
template <class T>
PRUNUS_INLINE void scatter_quads(T* p, i64 stride, Vector<T> v) {
#if PRUNUS_VECTOR_BYTES == 32
  const __m256i bits = reinterpret_cast<__m256i>(v);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(bits));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p + stride), _mm256_extracti128_si256(bits, 1));
#else
  for (i64 q = 0; q < kQuads<T>; ++q) {
    __builtin_memcpy(p + q * stride, reinterpret_cast<const char*>(&v) + 16 * q, 16);
  }
#endif
}

// Quad q of the vectors is a small matrix, one row in each vector: transposes every one of them.
PRUNUS_INLINE void transpose_quads(Vector<float> (&v)[4]) {
#if PRUNUS_VECTOR_BYTES == 64 && defined(__AVX512F__)
#  define PRUNUS_LOW _mm512_unpacklo_ps
#  define PRUNUS_HIGH _mm512_unpackhi_ps
#  define PRUNUS_PAIRS(a, b, i) _mm512_shuffle_ps(a, b, i)
#elif PRUNUS_VECTOR_BYTES == 32
#  define PRUNUS_LOW _mm256_unpacklo_ps
#  define PRUNUS_HIGH _mm256_unpackhi_ps
#  define PRUNUS_PAIRS(a, b, i) _mm256_shuffle_ps(a, b, i)
#elif PRUNUS_VECTOR_BYTES == 16 && defined(__x86_64__)
#  define PRUNUS_LOW _mm_unpacklo_ps
#  define PRUNUS_HIGH _mm_unpackhi_ps
#  define PRUNUS_PAIRS(a, b, i) _mm_shuffle_ps(a, b, i)
#endif
#if defined(PRUNUS_LOW)
  const Vector<float> low01 = PRUNUS_LOW(v[0], v[1]), high01 = PRUNUS_HIGH(v[0], v[1]);
  const Vector<float> low23 = PRUNUS_LOW(v[2], v[3]), high23 = PRUNUS_HIGH(v[2], v[3]);
  v[0] = PRUNUS_PAIRS(low01, low23, 0x44);
  v[1] = PRUNUS_PAIRS(low01, low23, 0xEE);
  v[2] = PRUNUS_PAIRS(high01, high23, 0x44);
  v[3] = PRUNUS_PAIRS(high01, high23, 0xEE);
#  undef PRUNUS_LOW
#  undef PRUNUS_HIGH
#  undef PRUNUS_PAIRS
#elif defined(__aarch64__)
  const float32x4_t low01 = vtrn1q_f32(v[0], v[1]), high01 = vtrn2q_f32(v[0], v[1]);
  const float32x4_t low23 = vtrn1q_f32(v[2], v[3]), high23 = vtrn2q_f32(v[2], v[3]);
  const auto pairs = [](float32x4_t a) { return vreinterpretq_f64_f32(a); };
  v[0] = vreinterpretq_f32_f64(vtrn1q_f64(pairs(low01), pairs(low23)));
  v[1] = vreinterpretq_f32_f64(vtrn1q_f64(pairs(high01), pairs(high23)));
  v[2] = vreinterpretq_f32_f64(vtrn2q_f64(pairs(low01), pairs(low23)));
  v[3] = vreinterpretq_f32_f64(vtrn2q_f64(pairs(high01), pairs(high23)));
#else
  for (i64 q = 0; q < kLanes<float>; q += 4) {
    for (i64 i = 0; i < 4; ++i) {
      for (i64 j = 0; j < i; ++j) {
        const float upper = v[j][q + i];
        v[j][q + i] = v[i][q + j];
        v[i][q + j] = upper;
      }
    }
  }
#endif
}

PRUNUS_INLINE void transpose_quads(Vector<double> (&v)[2]) {
#if PRUNUS_VECTOR_BYTES == 64 && defined(__AVX512F__)
  const Vector<double> low = _mm512_unpacklo_pd(v[0], v[1]);
  v[1] = _mm512_unpackhi_pd(v[0], v[1]);
#elif PRUNUS_VECTOR_BYTES == 32
  const Vector<double> low = _mm256_unpacklo_pd(v[0], v[1]);
  v[1] = _mm256_unpackhi_pd(v[0], v[1]);
#elif defined(__aarch64__)
  const Vector<double> low = vtrn1q_f64(v[0], v[1]);
  v[1] = vtrn2q_f64(v[0], v[1]);
#elif PRUNUS_VECTOR_BYTES == 16
  const Vector<double> low = _mm_unpacklo_pd(v[0], v[1]);
  v[1] = _mm_unpackhi_pd(v[0], v[1]);
#else
  Vector<double> low = v[0];
  for (i64 l = 0; l < kLanes<double>; l += 2) {
    low[l + 1] = v[1][l];
    v[1][l] = v[0][l + 1];
  }
#endif
  v[0] = low;
}

// Activations of kColumns neighbouring columns in registers; kColumns is 0 where the target has no fast look-up.
// Measured: on AVX2 a step of eight (broadcast, shift, shuffle, fused multiply-add) takes 1.85 cycles on Zen 3.
template <class T>
struct Table {
  static constexpr i64 kColumns = 0;
  static constexpr i64 kPlaceBytes = 0;
  explicit Table(const T*) {}
  PRUNUS_INLINE Vector<T> look_up(const u8*) const { return broadcast(T(0)); }
};

#if PRUNUS_VECTOR_BYTES == 64 && defined(__AVX512F__)
template <>
struct Table<float> {
  static constexpr i64 kColumns = 64;
  static constexpr i64 kPlaceBytes = 16;  // a byte for each lane
  Vector<float> part[4];

  PRUNUS_INLINE explicit Table(const float* p) {
    for (int i = 0; i < 4; ++i) part[i] = load_unaligned(p + 16 * i);
  }
  PRUNUS_INLINE Vector<float> look_up(const u8* place) const {
    const __m512i index = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(place)));
    const __m512 low = _mm512_permutex2var_ps(part[0], index, part[1]);
    const __m512 high = _mm512_permutex2var_ps(part[2], index, part[3]);
    return _mm512_mask_blend_ps(_mm512_test_epi32_mask(index, _mm512_set1_epi32(32)), low, high);
  }
};
#elif PRUNUS_VECTOR_BYTES == 32 && defined(__AVX2__)
template <>
struct Table<float> {
  static constexpr i64 kColumns = 8;
  static constexpr i64 kPlaceBytes = 4;  // four bits for each lane
  Vector<float> part;

  PRUNUS_INLINE explicit Table(const float* p) : part(load_unaligned(p)) {}
  PRUNUS_INLINE Vector<float> look_up(const u8* place) const {
    i32 places;
    __builtin_memcpy(&places, place, sizeof places);
    // The shuffle looks at the lowest three bits alone.
    const __m256i index = _mm256_srlv_epi32(_mm256_set1_epi32(places), _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28));
    return _mm256_permutevar8x32_ps(part, index);
  }
};
#endif

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
