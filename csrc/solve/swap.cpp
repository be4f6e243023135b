#include "solve/swap.h"

#include <limits>

#include "dispatch/table.h"
#include "list.h"
#include "parallel.h"
#include "solve/rows.h"
#include "solve/together.h"

namespace prunus {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What the kernel writes for each member.
struct Gains {
  Gain<double> of[2];  // all, free
};

Swap best_of(const SubsetState& state, const List<double>& loss, const List<Gains>& gains, int which) {
  Swap best = {kInfinity, -1, -1};
  for (i64 i = 0; i < state.k; ++i) {
    const Gain<double>& gain = gains[i].of[which];
    if (gain.place < 0) continue;
    const double change = loss[i] - gain.value;
    const bool is_first = best.member < 0 || state.members[i] < state.members[best.member];
    if (change < best.change || (change == best.change && is_first)) best = {change, i, gain.place};
  }
  return best;
}

}  // namespace

BestSwaps best_swaps(const Kernels<double>& kernels, const SubsetState& state, const u8* barred, const u8* locked,
                     double tolerance, int threads) {
  const i64 k = state.k, p = state.p, n_out = state.n_out;
  List<double> norms(state.norms, state.norms + p), bar(p), ratio(k * n_out), loss(k);
  for (i64 j = 0; j < p; ++j) {
    if (barred[j]) norms[j] = -kInfinity;
    bar[j] = barred[p + j] ? -kInfinity : 0;
  }
  for (i64 i = 0; i < k; ++i) {
    norms[state.members[i]] = -kInfinity;
    for (i64 m = 0; m < n_out; ++m) {
      const double b = state.coef[m * k + i];
      ratio[i * n_out + m] = b / state.diagonal[i];
      loss[i] += b * ratio[i * n_out + m];
    }
  }
  const Outside<double> outside = {norms.data(), state.rest, bar.data(), n_out, p};
  List<Gains> gains(k, {{{-1, -1}, {-1, -1}}});
  for_units(k, threads_for(k * p * n_out, threads), [&](i64 i) {
    if (locked[i]) return;
    Gain<double>* found = gains[i].of;
    kernels.best_exchange(state.v[i], 1 / state.diagonal[i], ratio.data() + i * n_out, outside, tolerance, found);
    if (locked[k + i]) found[1] = {-1, -1};
  });
  return {best_of(state, loss, gains, 0), best_of(state, loss, gains, 1)};
}

}  // namespace prunus
