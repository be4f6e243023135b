// One pass of selection by bracketing: masks what is certain, counts, and notes the places of what is not.
#pragma once

#include "formats.h"
#include "simd/vector.h"

namespace prunus::PRUNUS_TARGET {

// For a bracket (low, high]: mask[i] = score[i] > low, which is final outside the bracket if the cut lies inside it;
// counts the scores on either side, at low and in the bracket, and lists the first `room` of the last. n must fit an
// int32. O(n). Short blocks: the mask and the counts want different loops, and the second reads from L1.
template <class T>
BracketCount split_bracket(const T* PRUNUS_RESTRICT score, i64 n, T low, T high, u8* PRUNUS_RESTRICT mask, i64 room,
                           Candidate<T>* PRUNUS_RESTRICT between) noexcept {
  constexpr i64 kBlock = 2048;
  BracketCount count = {0, 0, 0, 0};
  Mask<T> below = {}, at_low = {}, above = {};
  const auto note = [&](i64 i) {
    if (count.between < room) between[count.between] = {score[i], static_cast<i32>(i)};
    ++count.between;
  };
  for (i64 begin = 0; begin < n; begin += kBlock) {
    const i64 end = begin + kBlock < n ? begin + kBlock : n;
    for (i64 i = begin; i < end; ++i) mask[i] = score[i] > low;
    i64 i = begin;
    for (; i + kLanes<T> <= end; i += kLanes<T>) {
      __builtin_prefetch(score + i + kBlock);  // else the memory rests while this loop runs
      const Vector<T> x = load_unaligned(score + i);
      below -= x < low;
      at_low -= x == low;
      above -= x > high;
      // A branch on the data, taken for the few vectors with a score in the bracket.
      for (uint32_t bits = lane_bits((x > low) & (x <= high)); bits != 0; bits &= bits - 1)
        note(i + __builtin_ctz(bits));
    }
    for (; i < end; ++i) {
      count.below += score[i] < low;
      count.at_low += score[i] == low;
      count.above += score[i] > high;
      if (score[i] > low && score[i] <= high) note(i);
    }
  }
  count.below += sum_lanes(below);
  count.at_low += sum_lanes(at_low);
  count.above += sum_lanes(above);
  return count;
}

}  // namespace prunus::PRUNUS_TARGET
