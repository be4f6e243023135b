// Backward paths of the folds of a cross-validation, each with its errors on the samples that it has not seen.
#pragma once

#include "solve/backward.h"

namespace prunus {

// One fold: the Gram matrix of its training samples (p, p), which is overwritten, X'y (n_out, p), and those held out.
struct Fold {
  double* gram;
  const double* products;
  HeldOut held;
  i64* order;  // of removal, of all groups that may go
};

// Eliminates all groups that may go in every fold, several folds at a time. is_done[i] is not set where the Gram matrix
// has not the digits: a pivot of `least_pivot`, an element of the inverse's diagonal above `most`, or one that falls by
// `floor`. Throws std::bad_alloc.
struct FoldLimits {
  double least_pivot;
  double most;
  double floor;
};
void eliminate_folds(const Fold* folds, i64 n_folds, i64 p, i64 n_out, FeatureGroups groups, FoldLimits limits,
                     u8* is_done, int threads);

}  // namespace prunus
