// Scores to masks over several arrays at once, as if they were one after the other.
#pragma once

#include "dispatch/table.h"
#include "list.h"

namespace prunus {

template <class T>
struct ScoreArray {
  const T* score;
  i64 size;
  u8* mask;  // written: 1 where kept
};

// Both throw std::invalid_argument if a score is NaN.

// Keeps what scores at least the threshold. O(n), one pass.
template <class T>
void mask_threshold(const Kernels<T>& kernels, const List<ScoreArray<T>>& arrays, T threshold, int threads);

// Removes exactly n_remove of all the scores: the lowest, and of equal ones the later (later array, then higher index).
// 0 <= n_remove <= n. O(n) expected: one pass over the scores, which writes the masks too, and a
// selection among one or two per cent of them; a second pass where many scores are equal. Nothing is sorted. Throws
// std::bad_alloc.
template <class T>
void mask_remove(const Kernels<T>& kernels, const List<ScoreArray<T>>& arrays, i64 n_remove, int threads);

// The highest score that a mask removes and the lowest that it keeps; minus and plus infinity where there is none.
template <class T>
struct Cut {
  T highest_removed;
  T lowest_kept;
};
template <class T>
Cut<T> cut_of(const T* score, const u8* mask, i64 n);

}  // namespace prunus
