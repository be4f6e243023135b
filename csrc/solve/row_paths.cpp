#include "solve/row_paths.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "list.h"
#include "solve/backward.h"
#include "solve/inverse.h"
#include "solve/together.h"

namespace prunus {
namespace {

// A diagonal element that has fallen so far has lost as many digits: the inverse is computed anew.
constexpr double kFloor = 1e-6;

// What a thread needs for a row; the same for all that it does.
class Space {
 public:
  Space(const Kernels<double>& kernels, Rows<const double> gram, i64 p, double least)
      : kernels_(kernels), gram_(gram), least_(least), inverse_(p * p), coef_(p), rise_(p), order_(p) {}

  // inverse: of the whole matrix, null if there is none. False if a pivot was too small.
  bool eliminate(const double* w, const u8* there, i64 p, const double* inverse, double* cost) {
    places_.clear();
    for (i64 j = 0; j < p; ++j) {
      cost[j] = 0;
      if (there[j] != 0) places_.push_back(j);
    }
    coef_.clear();
    for (const i64 j : places_) coef_.push_back(w[j]);
    double sum = 0;
    while (!places_.empty()) {
      const i64 n = places_.size();
      if (n == p && inverse != nullptr) {
        std::copy_n(inverse, p * p, inverse_.begin());
      } else if (!invert_part()) {
        return false;
      }
      const i64 n_removed = remove();
      if (n_removed == 0) return false;
      for (i64 t = 0; t < n_removed; ++t) cost[places_[order_[t]]] = sum += rise_[t];
      keep_the_rest(n_removed);
    }
    return true;
  }

 private:
  bool invert_part() {
    const i64 n = places_.size();
    const Rows<double> part = {inverse_.data(), n};
    for (i64 i = 0; i < n; ++i) {
      for (i64 j = 0; j < n; ++j) part[i][j] = gram_[places_[i]][places_[j]];
    }
    return invert(kernels_, part, n, least_, 1);
  }

  i64 remove() {
    const i64 n = places_.size();
    start_.resize(n + 1);
    std::iota(start_.begin(), start_.end(), i64{0});
    stays_.assign(n, 0);
    return prunus::eliminate(kernels_, {inverse_.data(), n}, n, {coef_.data(), n, 1}, {start_.data(), stays_.data(), n},
                             {order_.data(), rise_.data(), n}, kFloor, {}, 1);
  }

  void keep_the_rest(i64 n_removed) {
    List<u8> is_gone(places_.size(), 0);
    for (i64 t = 0; t < n_removed; ++t) is_gone[order_[t]] = 1;
    i64 n = 0;
    for (i64 i = 0; i < places_.size(); ++i) {
      if (is_gone[i] != 0) continue;
      places_[n] = places_[i];
      coef_[n++] = coef_[i];
    }
    places_.resize(n);
    coef_.resize(n);
  }

  const Kernels<double>& kernels_;
  Rows<const double> gram_;
  double least_;
  List<i64> places_;  // of the weights that are there
  List<double> inverse_, coef_, rise_;
  List<i64> order_, start_;
  List<u8> stays_;
};

}  // namespace

void eliminate_rows(const Kernels<double>& kernels, Rows<const double> gram, const double* inverse, i64 p,
                    Samples<const double> w, const u8* there, double least, Rows<double> cost, u8* is_done,
                    int threads) {
  List<std::unique_ptr<Space>> spaces(std::max(threads, 1));
  for_units(w.n, threads, [&](i64 r, int rank) {
    std::unique_ptr<Space>& space = spaces[rank];
    if (!space) space = std::make_unique<Space>(kernels, gram, p, least);
    is_done[r] = space->eliminate(w[r], there + r * p, p, inverse, cost[r]);
  });
}

}  // namespace prunus
