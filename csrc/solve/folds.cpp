#include "solve/folds.h"

#include <algorithm>
#include <vector>

#include "solve/inverse.h"
#include "solve/together.h"

namespace prunus {

void eliminate_folds(const Fold* folds, i64 n_folds, i64 p, i64 n_out, FeatureGroups groups, FoldLimits limits,
                     u8* is_done, int threads) {
  const i64 n_remove = std::count(groups.stays, groups.stays + groups.n, u8{0});
  for_units(n_folds, threads, [&](i64 i) {
    const Fold& fold = folds[i];
    is_done[i] = 0;
    if (!invert(fold.gram, p, limits.least_pivot, 1)) return;
    for (i64 j = 0; j < p; ++j) {
      if (fold.gram[j * p + j] > limits.most) return;
    }
    std::vector<double> coef(static_cast<size_t>(n_out * p), 0), rise(static_cast<size_t>(n_remove));
    for (i64 k = 0; k < n_out; ++k) {
      for (i64 j = 0; j < p; ++j) {
        const double product = fold.products[k * p + j];
        const double* row = fold.gram + j * p;
        for (i64 l = 0; l < p; ++l) coef[static_cast<size_t>(k * p + l)] += product * row[l];
      }
    }
    const Removals removals = {fold.order, rise.data(), n_remove};
    is_done[i] = eliminate(fold.gram, p, coef.data(), n_out, groups, removals, limits.floor, fold.held, 1) == n_remove;
  });
}

}  // namespace prunus
