#include "solve/folds.h"

#include <algorithm>
#include <memory>

#include "list.h"
#include "solve/inverse.h"
#include "solve/together.h"

namespace prunus {
namespace {

// What a thread needs for a fold; the same for all that it does.
class Space {
 public:
  Space(const Kernels<double>& kernels, const i64* number, i64 p, i64 n_out)
      : kernels_(kernels),
        number_(number),
        p_(p),
        n_out_(n_out),
        gram_(p * p),
        held_gram_(p * p),
        products_(n_out * p),
        held_products_(products_),
        coef_(products_) {}

  bool eliminate(const Fold& fold, FeatureGroups groups, i64 n_remove, FoldLimits limits) {
    const Columns columns = {number_, fold.inverse_scale, p_, n_out_};
    const Rows<double> gram = {gram_.data(), p_}, held_gram = {held_gram_.data(), p_};
    gather_moments(fold.train, columns, gram, {products_.data(), p_});
    for (i64 j = 0; j < p_; ++j) gram[j][j] = 1;
    if (!invert(kernels_, gram, p_, limits.least_pivot, 1)) return false;
    for (i64 j = 0; j < p_; ++j) {
      if (!(gram[j][j] <= limits.most)) return false;
    }
    gather_moments(fold.held, columns, held_gram, {held_products_.data(), p_});
    multiply(gram);
    List<double> rise(n_remove);
    const HeldOut held = {held_gram, held_products_.data(), fold.total, fold.error};
    return prunus::eliminate(kernels_, gram, p_, {coef_.data(), p_, n_out_}, groups,
                             {fold.order, rise.data(), n_remove}, limits.floor, held, 1) == n_remove;
  }

 private:
  // The coefficients of all features.
  void multiply(Rows<const double> inverse) {
    std::fill(coef_.begin(), coef_.end(), 0.0);
    for (i64 k = 0; k < n_out_; ++k) {
      for (i64 j = 0; j < p_; ++j) {
        const double product = products_[k * p_ + j];
        const double* row = inverse[j];
        double* b = coef_.data() + k * p_;
        for (i64 l = 0; l < p_; ++l) b[l] += product * row[l];
      }
    }
  }

  const Kernels<double>& kernels_;
  const i64* number_;
  i64 p_, n_out_;
  List<double> gram_, held_gram_, products_, held_products_, coef_;
};

}  // namespace

void eliminate_folds(const Kernels<double>& kernels, const Fold* folds, i64 n_folds, const i64* number, i64 p,
                     i64 n_out, FeatureGroups groups, FoldLimits limits, u8* is_done, int threads) {
  const i64 n_remove = std::count(groups.stays, groups.stays + groups.n, u8{0});
  List<std::unique_ptr<Space>> spaces(std::max(threads, 1));
  for_units(n_folds, threads, [&](i64 i, int rank) {
    std::unique_ptr<Space>& space = spaces[rank];
    if (!space) space = std::make_unique<Space>(kernels, number, p, n_out);
    is_done[i] = space->eliminate(folds[i], groups, n_remove, limits);
  });
}

}  // namespace prunus
