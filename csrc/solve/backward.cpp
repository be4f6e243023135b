#include "solve/backward.h"

#include "solve/candidates.h"
#include "solve/held_out.h"
#include "solve/late_inverse.h"

namespace prunus {
namespace {

constexpr i64 kRemovalsAtOnce = 64;  // of 4096 features some 50 ms, then an interrupt is looked at

// Takes group after group out. The features that are still there lie together in the first rows and columns, in their
// order, with a few among them that have gone since they were last moved together.
class Eliminator {
 public:
  Eliminator(const Kernels<double>& kernels, Rows<double> inverse, i64 p, Samples<const double> coef,
             FeatureGroups groups, double floor, double rounding, HeldOut held, int threads)
      : kernels_(kernels),
        inverse_(kernels, inverse, p, threads),
        candidates_(kernels, inverse, p, coef, groups, floor, rounding),
        held_(held, p, coef) {}

  // Removes the best group. Returns it with the rise, or -1 where none may go or can; is_low tells whether H has to be
  // computed anew.
  i64 step(double& rise, bool& is_low) {
    const i64 g = candidates_.best();
    if (g < 0) return -1;
    rise = 0;
    const Range places = candidates_.choose(g);
    for (i64 j = places.begin; j < places.end; ++j) {
      double inverse_root;
      const double* u = inverse_.take(j, gone_, inverse_root);
      if (u == nullptr) return -1;
      rise += candidates_.take(j, u, inverse_root, is_low);
      held_.note(candidates_.factors(), j + 1 == places.end);
      gone_.push_back(j);
      if (inverse_.is_full()) catch_up();
    }
    candidates_.count(g);
    if (4 * gone_.size() >= inverse_.n()) {
      catch_up();
      move_together();
    }
    return g;
  }

  void finish(Samples<double> coef, i64 p) {
    held_.catch_up(inverse_.taken(), inverse_.n(), kernels_);  // nobody asks for H
    candidates_.put(coef, p);
  }

 private:
  void catch_up() {
    inverse_.catch_up();
    held_.catch_up(inverse_.taken(), inverse_.n(), kernels_);
    inverse_.forget();
  }

  void move_together() {
    const List<i64> from = candidates_.remaining();
    held_.move(from, inverse_.n());
    inverse_.move(from);
    candidates_.move(from);
    gone_.clear();
  }

  const Kernels<double>& kernels_;
  LateInverse inverse_;
  Candidates candidates_;
  HeldOutError held_;
  List<i64> gone_;  // places
};

}  // namespace

i64 eliminate(const Kernels<double>& kernels, Rows<double> inverse, i64 p, Samples<double> coef, FeatureGroups groups,
              Removals removals, double floor, HeldOut held, int threads) {
  Eliminator eliminator(kernels, inverse, p, coef, groups, floor, removals.rounding, held, threads);
  i64 n = 0;
  for (bool is_low = false; n < removals.n && !is_low; ++n) {
    if (n % kRemovalsAtOnce == 0 && is_asked(removals.interrupt)) break;
    const i64 g = eliminator.step(removals.rise[n], is_low);
    if (g < 0) break;
    removals.group[n] = g;
  }
  eliminator.finish(coef, p);
  return n;
}

}  // namespace prunus
