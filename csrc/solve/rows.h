// How rows of doubles lie in the solver's workspaces.
#pragma once

#include "base.h"

namespace prunus {

inline size_t size_of(i64 n) { return static_cast<size_t>(n); }

// Losses that differ by no more, relatively, are equal: rounding has a part in which is larger, and a place has not.
constexpr double kTie = 1e-10;

// From row to row of n doubles: an odd number of cache lines, so that neighbours do not lie in the same set of L1.
constexpr i64 odd_stride(i64 n) { return (ceil_div(n, 8) | 1) * 8; }

}  // namespace prunus
