// How rows of doubles lie in the solver's workspaces.
#pragma once

#include "base.h"

namespace prunus {

// Losses that differ by no more, relatively, are equal: rounding has a part in which is larger, and a place has not.
constexpr double kTie = 1e-10;

// A matrix of fewer features is done in less time than a thread takes to wake.
constexpr i64 kFewFeatures = 256;

// From row to row of n doubles: an odd number of cache lines, so that neighbours do not lie in the same set of L1.
constexpr i64 odd_stride(i64 n) { return (ceil_div(n, 8) | 1) * 8; }

}  // namespace prunus
