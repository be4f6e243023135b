#include "solve/forward.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "dispatch/cpu.h"
#include "dispatch/table.h"
#include "solve/group_blocks.h"
#include "solve/rows.h"
#include "solve/together.h"

namespace prunus {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Addition {
  i64 feature;
  double fall;
};

// The feature whose score is the largest that may come; -1 for none. Of those that are equal but for rounding the one
// that explains most alone, and of equal ones the first.
Addition best_of(const double* score, const double* norms, const double* limit, const double* alone, i64 n,
                 double rounding) {
  double most = -1;
  for (i64 j = 0; j < n; ++j) {
    if (score[j] > most && norms[j] > limit[j]) most = score[j];
  }
  Addition best = {-1, most};
  if (most < 0) return best;
  double most_alone = -1;
  for (i64 j = 0; j < n; ++j) {
    if (score[j] >= most * (1 - kTie) - rounding && norms[j] > limit[j] && alone[j] > most_alone * (1 + kTie)) {
      most_alone = alone[j];
      best.feature = j;
    }
  }
  return best;
}

class Grower {
 public:
  Grower(const double* gram, i64 p, double* products, i64 n_out, FeatureGroups groups, double tolerance,
         double rounding)
      : gram_(gram),
        p_(p),
        products_(products),
        n_out_(n_out),
        groups_(groups),
        rounding_(rounding),
        kernels_(active_target().kernels<double>()),
        norms_(size_of(p)),
        limit_(size_of(p)),
        bar_(size_of(p), -kInfinity),
        score_(size_of(p)),
        factors_(size_of(n_out)),
        block_(size_of(groups.n)) {
    for (i64 j = 0; j < p; ++j) {
      norms_[size_of(j)] = gram[j * p + j];
      limit_[size_of(j)] = tolerance * norms_[size_of(j)];
    }
    for (i64 g = 0; g < groups.n; ++g) {
      const i64 begin = groups.start[g], size = size_of_group(g);
      if (groups.stays[g]) continue;
      if (size == 1) bar_[size_of(begin)] = 0;
      if (size > 1) {
        several_.push_back(g);
        block_[size_of(g)] = GroupBlock(gram + begin * p + begin, p, size);
      }
    }
    update(std::vector<double>(size_of(p), 0).data());
    alone_ = score_;
  }

  // Adds the group; returns by how much the loss falls.
  double add(i64 g) {
    several_.erase(std::remove(several_.begin(), several_.end(), g), several_.end());
    double fall = 0;
    for (i64 j = groups_.start[g]; j < groups_.start[g + 1]; ++j) fall += add_feature(j);
    return fall;
  }

  // The group that lets the loss fall most, -1 for none.
  i64 best() const {
    const Addition feature = best_of(score_.data(), norms_.data(), limit_.data(), alone_.data(), p_, rounding_);
    double most = feature.fall;
    // From the place of a feature to its group.
    i64 g = feature.feature;
    if (g >= 0) g = std::upper_bound(groups_.start, groups_.start + groups_.n + 1, g) - groups_.start - 1;
    for (const i64 h : several_) {
      const i64 begin = groups_.start[h];
      const double fall = block_[size_of(h)].norm_of(products_ + begin, n_out_, p_, &limit_[size_of(begin)]);
      const bool is_more = g < 0 || fall > most * (1 + kTie) + rounding_;
      if ((is_more || (fall >= most * (1 - kTie) - rounding_ && h < g)) && is_new(h)) {
        most = fall;
        g = h;
      }
    }
    return g;
  }

 private:
  i64 size_of_group(i64 g) const { return groups_.start[g + 1] - groups_.start[g]; }

  bool is_new(i64 g) const {
    for (i64 j = groups_.start[g]; j < groups_.start[g + 1]; ++j) {
      if (norms_[size_of(j)] > limit_[size_of(j)]) return true;
    }
    return false;
  }

  double add_feature(i64 j) {
    bar_[size_of(j)] = -kInfinity;
    if (!(norms_[size_of(j)] > limit_[size_of(j)])) return 0;
    std::vector<double> weights;
    for (i64 t = 0; t < n_rows_; ++t) weights.push_back(rows_[size_of(t * p_ + j)]);
    rows_.resize(rows_.size() + size_of(p_));
    double* w = &rows_[size_of(n_rows_ * p_)];
    kernels_.subtract_combination(gram_ + j * p_, rows_.data(), p_, n_rows_, weights.data(), p_, w);
    const double root = 1 / std::sqrt(w[j]);
    for (i64 i = 0; i < p_; ++i) w[i] *= root;
    double fall = 0;
    for (i64 k = 0; k < n_out_; ++k) {
      const double factor = products_[k * p_ + j] * root;
      factors_[size_of(k)] = factor;
      fall += factor * factor;
    }
    ++n_rows_;
    update(w);
    for (const i64 g : several_) block_[size_of(g)].subtract(w + groups_.start[g]);
    return fall;
  }

  void update(const double* w) {
    kernels_.take_away(w, p_, factors_.data(), n_out_, p_, bar_.data(), limit_.data(), norms_.data(), products_,
                       score_.data());
  }

  const double* gram_;
  i64 p_;
  double* products_;
  i64 n_out_;
  FeatureGroups groups_;
  double rounding_;
  const Kernels<double>& kernels_;
  i64 n_rows_ = 0;
  std::vector<double> rows_;  // of every feature that came, what it took out of all
  std::vector<double> norms_, limit_, bar_, score_, factors_;
  std::vector<double> alone_;  // by how much each would let the loss fall as the first one
  std::vector<i64> several_;   // groups of several features that may come
  std::vector<GroupBlock> block_;
};

constexpr i64 kColumns = 512;  // of X at once: with eight problems, 32 KB of sums

}  // namespace

i64 grow(const double* gram, i64 p, double* products, i64 n_out, FeatureGroups groups, Removals additions,
         double tolerance) {
  Grower grower(gram, p, products, n_out, groups, tolerance, additions.rounding);
  i64 n = 0;
  const auto add = [&](i64 g) {
    additions.group[n] = g;
    additions.rise[n++] = grower.add(g);
  };
  for (i64 g = 0; g < groups.n && n < additions.n; ++g) {
    if (groups.stays[g]) add(g);
  }
  while (n < additions.n) {
    const i64 g = grower.best();
    if (g < 0) break;
    add(g);
  }
  return n;
}

void multiply_columns(SharedColumns columns, const double* q, i64 n_q, double* out, int threads) {
  const Kernels<double>& kernels = active_target().kernels<double>();
  for_units(ceil_div(columns.p, kColumns), threads, [&](i64 part) {
    const i64 begin = part * kColumns, n = std::min(kColumns, columns.p - begin);
    kernels.column_products(columns.x + begin, columns.p, columns.n, q, columns.n, n_q, n, out + begin, columns.p);
  });
}

void advance(SharedColumns columns, i64 n_problems, i64 n_out, const double* q, const double* factor, const double* bar,
             const double* limit, const double* alone, const double* rounding, double* norms, double* products,
             i64* best, int threads) {
  const Kernels<double>& kernels = active_target().kernels<double>();
  const i64 p = columns.p, n_parts = ceil_div(p, kColumns);
  std::vector<Addition> found(size_of(n_parts * n_problems));
  std::vector<double> sums(size_of(n_problems * p)), scores(size_of(p));
  for_units(n_parts, threads, [&](i64 part) {
    const i64 begin = part * kColumns, n = std::min(kColumns, p - begin);
    kernels.column_products(columns.x + begin, p, columns.n, q, columns.n, n_problems, n, &sums[size_of(begin)], p);
    for (i64 r = 0; r < n_problems; ++r) {
      const i64 at = r * p + begin;
      double* score = &scores[size_of(begin)];
      kernels.take_away(&sums[size_of(at)], n, factor + r * n_out, n_out, p, bar + at, limit + at, norms + at,
                        products + r * n_out * p + begin, score);
      Addition candidate = best_of(score, norms + at, limit + at, alone + at, n, rounding[r]);
      if (candidate.feature >= 0) candidate.feature += begin;
      found[size_of(part * n_problems + r)] = candidate;
    }
  });
  for (i64 r = 0; r < n_problems; ++r) {
    Addition most = {-1, -1};
    for (i64 part = 0; part < n_parts; ++part) {
      const Addition& candidate = found[size_of(part * n_problems + r)];
      if (candidate.feature < 0 || candidate.fall < most.fall * (1 - kTie) - rounding[r]) continue;
      const double* own = alone + r * p;
      if (most.feature < 0 || candidate.fall > most.fall * (1 + kTie) + rounding[r] ||
          own[candidate.feature] > own[most.feature] * (1 + kTie)) {
        most = candidate;
      }
    }
    best[r] = most.feature;
  }
}

}  // namespace prunus
