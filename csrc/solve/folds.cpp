#include "solve/folds.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "solve/inverse.h"
#include "solve/together.h"

namespace prunus {
namespace {

// What a thread needs for a fold; the same for all that it does.
class Space {
 public:
  Space(const i64* number, i64 p, i64 n_out)
      : number_(number),
        p_(p),
        n_out_(n_out),
        gram_(new double[static_cast<size_t>(p * p)]),
        held_gram_(new double[static_cast<size_t>(p * p)]),
        products_(static_cast<size_t>(n_out * p)),
        held_products_(products_),
        coef_(products_) {}

  bool eliminate(const Fold& fold, FeatureGroups groups, i64 n_remove, FoldLimits limits) {
    const Columns columns = {number_, fold.inverse_scale, p_, n_out_};
    gather_moments(fold.train, columns, gram_.get(), products_.data());
    for (i64 j = 0; j < p_; ++j) gram_[static_cast<size_t>(j * p_ + j)] = 1;
    if (!invert(gram_.get(), p_, limits.least_pivot)) return false;
    for (i64 j = 0; j < p_; ++j) {
      if (!(gram_[static_cast<size_t>(j * p_ + j)] <= limits.most)) return false;
    }
    gather_moments(fold.held, columns, held_gram_.get(), held_products_.data());
    multiply();
    std::vector<double> rise(static_cast<size_t>(n_remove));
    const HeldOut held = {held_gram_.get(), held_products_.data(), fold.total, fold.error};
    return prunus::eliminate(gram_.get(), p_, coef_.data(), n_out_, groups, {fold.order, rise.data(), n_remove},
                             limits.floor, held, 1) == n_remove;
  }

 private:
  // The coefficients of all features.
  void multiply() {
    std::fill(coef_.begin(), coef_.end(), 0.0);
    for (i64 k = 0; k < n_out_; ++k) {
      double* b = coef_.data() + k * p_;
      for (i64 j = 0; j < p_; ++j) {
        const double product = products_[static_cast<size_t>(k * p_ + j)];
        const double* row = gram_.get() + j * p_;
        for (i64 l = 0; l < p_; ++l) b[l] += product * row[l];
      }
    }
  }

  const i64* number_;
  i64 p_, n_out_;
  std::unique_ptr<double[]> gram_, held_gram_;
  std::vector<double> products_, held_products_, coef_;
};

}  // namespace

void eliminate_folds(const Fold* folds, i64 n_folds, const i64* number, i64 p, i64 n_out, FeatureGroups groups,
                     FoldLimits limits, u8* is_done, int threads) {
  const i64 n_remove = std::count(groups.stays, groups.stays + groups.n, u8{0});
  std::vector<std::unique_ptr<Space>> spaces(static_cast<size_t>(std::max(threads, 1)));
  for_units(n_folds, threads, [&](i64 i, int rank) {
    std::unique_ptr<Space>& space = spaces[static_cast<size_t>(rank)];
    if (!space) space = std::make_unique<Space>(number, p, n_out);
    is_done[i] = space->eliminate(folds[i], groups, n_remove, limits);
  });
}

}  // namespace prunus
