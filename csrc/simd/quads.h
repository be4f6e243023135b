// Vectors as quads: shuffles within them, and vectors put together from several places.
#pragma once

#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// A vector is made of quads: 16 bytes each, within which shuffles are cheap on every processor.
template <class T>
constexpr i64 kQuad = 16 / sizeof(T);

template <class T>
constexpr i64 kQuads = kLanes<T> / kQuad<T>;

template <class T>
struct QuadOf {
  typedef T type __attribute__((vector_size(16)));
};

// The quad at p, any alignment, alone.
template <class T>
PRUNUS_INLINE typename QuadOf<T>::type load_one_quad(const T* p) {
  typename QuadOf<T>::type quad;
  __builtin_memcpy(&quad, p, sizeof quad);
  return quad;
}

// Quad q of the vector to p, any alignment.
template <class T>
PRUNUS_INLINE void store_one_quad(T* p, const Vector<T>& v, i64 q) {
  __builtin_memcpy(p, reinterpret_cast<const char*>(&v) + 16 * q, 16);
}

// Quad q of the vector is at(q).
template <class T, class F>
PRUNUS_INLINE Vector<T> join_quads(F&& at) {
#if PRUNUS_VECTOR_BYTES == 16
  return at(0);
#else
  const auto half = [&](i64 q) {
    const __m256i low = _mm256_castsi128_si256(reinterpret_cast<__m128i>(at(q)));
    return _mm256_inserti128_si256(low, reinterpret_cast<__m128i>(at(q + 1)), 1);
  };
#  if PRUNUS_VECTOR_BYTES == 32
  return reinterpret_cast<Vector<T> >(half(0));
#  else
  const __m512i low = _mm512_castsi256_si512(half(0));
  return reinterpret_cast<Vector<T> >(_mm512_inserti64x4(low, half(2), 1));
#  endif
#endif
}

// Lane l is x[offset[l]]: a load for each lane and one for a quad's offsets. The gather instruction takes 1.7 times
// as long, and a load for each offset 1.15 times.
template <class T>
PRUNUS_INLINE Vector<T> gather_short(const T* x, const u16* offset) {
  return join_quads<T>([&](i64 q) {
    u64 offsets = 0;
    __builtin_memcpy(&offsets, offset + q * kQuad<T>, kQuad<T> * sizeof *offset);
    const auto at = [&](int i) { return x[offsets >> (16 * i) & 0xFFFF]; };
    typename QuadOf<T>::type quad;
    if constexpr (kQuad<T> == 4) {
      quad = typename QuadOf<T>::type{at(0), at(1), at(2), at(3)};
    } else {
      quad = typename QuadOf<T>::type{at(0), at(1)};
    }
    keep_vector(quad);  // one after the other: the places of all of them at once would not find registers enough
    return quad;
  });
}

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
  return join_quads<T>([&](i64 q) { return load_one_quad(p + q * stride); });
}

// Quad q of the vector goes to p + q * stride, any alignment.
template <class T>
PRUNUS_INLINE void scatter_quads(T* p, i64 stride, Vector<T> v) {
#if PRUNUS_VECTOR_BYTES == 32
  const __m256i bits = reinterpret_cast<__m256i>(v);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(bits));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p + stride), _mm256_extracti128_si256(bits, 1));
#else
  for (i64 q = 0; q < kQuads<T>; ++q) store_one_quad(p + q * stride, v, q);
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

}  // namespace prunus::PRUNUS_TARGET
