// Leave-one-out errors of all sizes of a nested path.
#pragma once

#include "dispatch/table.h"

namespace prunus {

// sum[t + 1] += the sum of the squared errors of n samples, each left out of the fit with the first t + 1 features;
// sum[0] that of no feature. q: (n, n_steps), rows of the orthogonal factor, in the order of the path; z: (n_steps,
// n_out), coefficients in its units; y: (n_out, n); base (n): leverages before the first feature. The error of a sample
// is its residual over one minus its leverage, infinite where that is not above `least` (D. Allen, 1974). Sums are of
// 64 samples each, added in order: the number of threads changes no bit. O(n * n_steps * n_out). Throws std::bad_alloc.
void add_left_out(const Kernels<double>& kernels, const double* q, i64 n, i64 n_steps, const double* z, i64 n_out,
                  const double* y, const double* base, double least, double* sum, int threads);

}  // namespace prunus
