#include "solve/swap.h"

#include <limits>
#include <vector>

#include "dispatch/table.h"
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

Swap best_of(const SubsetState& state, const std::vector<double>& loss, const std::vector<Gains>& gains, int which) {
  Swap best = {kInfinity, -1, -1};
  for (i64 i = 0; i < state.k; ++i) {
    const Gain<double>& gain = gains[size_of(i)].of[which];
    if (gain.place < 0) continue;
    const double change = loss[size_of(i)] - gain.value;
    const bool is_first = best.member < 0 || state.members[i] < state.members[best.member];
    if (change < best.change || (change == best.change && is_first)) best = {change, i, gain.place};
  }
  return best;
}

}  // namespace

BestSwaps best_swaps(const SubsetState& state, const u8* barred, const u8* locked, double tolerance, int threads) {
  const Kernels<double>& kernels = active_target().kernels<double>();
  const i64 k = state.k, p = state.p, n_out = state.n_out;
  std::vector<double> norms(state.norms, state.norms + p), bar(size_of(p)), ratio(size_of(k * n_out)), loss(size_of(k));
  for (i64 j = 0; j < p; ++j) {
    if (barred[j]) norms[size_of(j)] = -kInfinity;
    bar[size_of(j)] = barred[p + j] ? -kInfinity : 0;
  }
  for (i64 i = 0; i < k; ++i) {
    norms[size_of(state.members[i])] = -kInfinity;
    for (i64 m = 0; m < n_out; ++m) {
      const double b = state.coef[m * k + i];
      ratio[size_of(i * n_out + m)] = b / state.diagonal[i];
      loss[size_of(i)] += b * ratio[size_of(i * n_out + m)];
    }
  }
  const Outside<double> outside = {norms.data(), state.rest, bar.data(), n_out, p};
  std::vector<Gains> gains(size_of(k), {{{-1, -1}, {-1, -1}}});
  for_units(k, threads_for(k * p * n_out, threads), [&](i64 i) {
    if (locked[i]) return;
    Gain<double>* found = gains[size_of(i)].of;
    kernels.best_exchange(state.v + i * state.v_stride, 1 / state.diagonal[i], ratio.data() + i * n_out, outside,
                          tolerance, found);
    if (locked[k + i]) found[1] = {-1, -1};
  });
  return {best_of(state, loss, gains, 0), best_of(state, loss, gains, 1)};
}

}  // namespace prunus
