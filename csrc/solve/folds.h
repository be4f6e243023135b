// Backward paths of the folds of a cross-validation, each with its errors on the samples that it has not seen.
#pragma once

#include "solve/backward.h"
#include "solve/moments.h"

namespace prunus {

// One fold: what it is trained on and what is held out of it, about the means of the former, in units in which every
// feature has length one there, ridge penalty included.
struct Fold {
  Moments train, held;
  const double* inverse_scale;  // (p); 0: a feature that is constant there
  double total;                 // y'y of all outputs, held out
  double* error;                // removals + 1: the squared error before any removal and after each
  i64* order;                   // of removal, of all groups that may go
};

struct FoldLimits {
  double least_pivot;
  double most;
  double floor;
};

// Eliminates all groups that may go in every fold, several folds at a time: of the features `number` (p), n_out
// outputs. is_done[i] is not set where the Gram matrix has not the digits: a pivot of `least_pivot`, an element of the
// inverse's diagonal above `most`, or one that falls by `floor`. Some 1.2 p^3 multiplications and additions for a fold
// of single features, and 16 p^2 bytes for a thread. Throws std::bad_alloc.
void eliminate_folds(const Kernels<double>& kernels, const Fold* folds, i64 n_folds, const i64* number, i64 p,
                     i64 n_out, FeatureGroups groups, FoldLimits limits, u8* is_done, int threads);

}  // namespace prunus
