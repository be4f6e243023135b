// Sums of the products of columns, of the samples of each fold.
#pragma once

#include "dispatch/table.h"

namespace prunus {

// Rows of (x, y, 1), less a centre, each times a root of its weight.
template <class T>
struct WeightedSamples {
  const T* x;  // (n, p)
  i64 p;
  const double* y;  // (n, n_out)
  i64 n_out;
  const double* root;   // (n)
  const double* shift;  // (p + n_out), the centre
};

// sums[f]: (p + n_out + 1) squared, of which the elements on and above the diagonal become the sums of the products
// over row[start[f]] to row[start[f + 1]]; several folds at a time. n (p + n_out)^2 / 2 multiplications and additions.
// What is not finite is carried through. Throws std::bad_alloc.
template <class T>
void sum_folds(const Kernels<double>& kernels, const WeightedSamples<T>& samples, const i64* row, const i64* start,
               i64 n_folds, double* const* sums, int threads);

}  // namespace prunus
