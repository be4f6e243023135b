// Layer-adaptive magnitude: how many of each layer's scores are among the lowest, ranked by what their layer has left.
#pragma once

#include "base.h"
#include "list.h"

namespace prunus {

template <class T>
struct Scores {
  const T* score;
  i64 size;
};

// How many of each array go if n_remove of all go, the lowest by s^2 / (the sum of the squares of all scores of the
// array that stand no lower in ascending order; scores below zero count as zero), of equal ones those of later arrays
// first. 0 <= n_remove <= n. O(n) expected, two passes: one counts and sums by bins of the score's leading bits, and
// finds in which bins of each array the cut lies; one gathers the scores of these, which alone are sorted. Throws
// std::invalid_argument if a score is NaN, and std::runtime_error if the second pass finds other scores than the first,
// as another thread may write to them.
template <class T>
List<i64> lamp_counts(const List<Scores<T>>& arrays, i64 n_remove, int threads);

}  // namespace prunus
