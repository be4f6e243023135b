// The best exchange of one member of a set of features against one that is outside.
#pragma once

#include "formats.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// The largest lane and its place, as it is filled from the left.
template <class T>
class LargestLanes {
 public:
  LargestLanes() {
    for (i64 l = 0; l < kLanes<T>; ++l) place_[l] = -1;
  }

  PRUNUS_INLINE void offer(Vector<T> value, Mask<T> place) {
    const Mask<T> is_larger = value > value_;
    value_ = is_larger ? value : value_;
    place_ = is_larger ? place : place_;
  }

  // Of equal lanes the one whose place is first.
  Gain<T> largest() const {
    Gain<T> found = {-1, -1};
    for (i64 l = 0; l < kLanes<T>; ++l) {
      if (place_[l] < 0 || value_[l] < found.value) continue;
      if (value_[l] > found.value || found.place < 0 || place_[l] < found.place) found = {value_[l], place_[l]};
    }
    return found;
  }

 private:
  Vector<T> value_ = broadcast(T(-1));  // less than any gain, which is a square over a length
  Mask<T> place_;
};

// A member goes whose row of V is v, and which leaves 1 / H_ii and b_mi / H_ii behind: feature j then lets the loss
// fall by gain(j) = sum over outputs m of (d_mj + v_j ratio[m])^2 / (s_j + v_j^2 inverse_h), where the divisor is above
// `tolerance`, else it may not come. gains[0] becomes the best of all, gains[1] the best of those where bar is zero,
// not minus infinity; equal gains: the first. O(n * n_out), a division for each feature. What is left over behind the
// last whole vector goes through a vector as well: the same numbers give the same bits at every place, so that of equal
// columns it is always the first that comes.
template <class T>
void best_exchange(const T* PRUNUS_RESTRICT v, T inverse_h, const T* PRUNUS_RESTRICT ratio, const Outside<T>& outside,
                   T tolerance, Gain<T>* PRUNUS_RESTRICT gains) noexcept {
  constexpr i64 kStep = kLanes<T>;
  LargestLanes<T> best, best_free;
  Mask<T> place;
  for (i64 l = 0; l < kStep; ++l) place[l] = static_cast<i32>(l);
  const auto offer = [&](Vector<T> x, Vector<T> norm, Vector<T> sum, Vector<T> bar) {
    const Vector<T> divisor = add_product<T>(norm, x * inverse_h, x);
    const Mask<T> may_come = divisor > tolerance;
    const Vector<T> gain = may_come ? sum / (may_come ? divisor : broadcast(T(1))) : broadcast(T(-2));
    best.offer(gain, place);
    best_free.offer(gain + bar, place);
    place += static_cast<i32>(kStep);
  };
  const auto squares = [&](Vector<T> x, auto&& rest) {
    Vector<T> sum = {};
    for (i64 m = 0; m < outside.n_out; ++m) {
      const Vector<T> product = add_product<T>(rest(m), x, broadcast(ratio[m]));
      sum = add_product<T>(sum, product, product);
    }
    return sum;
  };
  i64 j = 0;
  for (; j + kStep <= outside.n; j += kStep) {
    const Vector<T> x = load_unaligned(v + j);
    const auto rest = [&](i64 m) { return load_unaligned(outside.rest + m * outside.n + j); };
    offer(x, load_unaligned(outside.norm + j), squares(x, rest), load_unaligned(outside.bar + j));
  }
  if (j < outside.n) {
    const i64 n_left = outside.n - j;
    const auto part = [&](const T* from, T filler) {
      return lanes_of<T>([&](i64 l) { return l < n_left ? from[j + l] : filler; });
    };
    const Vector<T> x = part(v, 0);
    const auto rest = [&](i64 m) { return part(outside.rest + m * outside.n, 0); };
    offer(x, part(outside.norm, -1), squares(x, rest), part(outside.bar, 0));  // a length of -1 may not come
  }
  gains[0] = best.largest();
  gains[1] = best_free.largest();
}

}  // namespace prunus::PRUNUS_TARGET
