#include "solve/forward.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dispatch/table.h"
#include "list.h"
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
  Grower(const Kernels<double>& kernels, Rows<const double> gram, i64 p, Samples<double> products, FeatureGroups groups,
         double tolerance, double rounding)
      : kernels_(kernels),
        gram_(gram),
        p_(p),
        products_(products),
        groups_(groups),
        rounding_(rounding),
        norms_(p),
        limit_(p),
        bar_(p, -kInfinity),
        score_(p),
        factors_(products.n),
        block_(groups.n) {
    for (i64 j = 0; j < p; ++j) {
      norms_[j] = gram[j][j];
      limit_[j] = tolerance * norms_[j];
    }
    for (i64 g = 0; g < groups.n; ++g) {
      const i64 begin = groups.start[g], size = size_of_group(g);
      if (groups.stays[g]) continue;
      if (size == 1) bar_[begin] = 0;
      if (size > 1) {
        several_.push_back(g);
        block_[g] = GroupBlock(gram.from(begin, begin), size);
      }
    }
    update(List<double>(p, 0).data());
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
      const double fall = block_[h].norm_of({products_.data + begin, products_.stride, products_.n}, &limit_[begin]);
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
      if (norms_[j] > limit_[j]) return true;
    }
    return false;
  }

  double add_feature(i64 j) {
    bar_[j] = -kInfinity;
    if (!(norms_[j] > limit_[j])) return 0;
    List<double> weights;
    for (i64 t = 0; t < n_rows_; ++t) weights.push_back(rows_[t * p_ + j]);
    rows_.resize(rows_.size() + p_);
    double* w = &rows_[n_rows_ * p_];
    kernels_.subtract_combination(gram_[j], {rows_.data(), p_, n_rows_}, weights.data(), p_, w);
    const double root = 1 / std::sqrt(w[j]);
    for (i64 i = 0; i < p_; ++i) w[i] *= root;
    double fall = 0;
    for (i64 k = 0; k < products_.n; ++k) {
      const double factor = products_[k][j] * root;
      factors_[k] = factor;
      fall += factor * factor;
    }
    ++n_rows_;
    update(w);
    for (const i64 g : several_) block_[g].subtract(w + groups_.start[g]);
    return fall;
  }

  void update(const double* w) {
    kernels_.take_away(w, p_, factors_.data(), products_, bar_.data(), limit_.data(), norms_.data(), score_.data());
  }

  const Kernels<double>& kernels_;
  Rows<const double> gram_;
  i64 p_;
  Samples<double> products_;
  FeatureGroups groups_;
  double rounding_;
  i64 n_rows_ = 0;
  List<double> rows_;  // of every feature that came, what it took out of all
  List<double> norms_, limit_, bar_, score_, factors_;
  List<double> alone_;  // by how much each would let the loss fall as the first one
  List<i64> several_;   // groups of several features that may come
  List<GroupBlock> block_;
};

constexpr i64 kColumns = 512;  // of X at once: with eight problems, 32 KB of sums

}  // namespace

i64 grow(const Kernels<double>& kernels, Rows<const double> gram, i64 p, Samples<double> products, FeatureGroups groups,
         Removals additions, double tolerance) {
  Grower grower(kernels, gram, p, products, groups, tolerance, additions.rounding);
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

void multiply_columns(const Kernels<double>& kernels, Samples<const double> x, i64 p, Samples<const double> q,
                      Rows<double> out, int threads) {
  for_units(ceil_div(p, kColumns), threads, [&](i64 part) {
    const i64 begin = part * kColumns, n = std::min(kColumns, p - begin);
    kernels.column_products({x.data + begin, x.stride, x.n}, q, n, out.from(0, begin));
  });
}

void advance(const Kernels<double>& kernels, Samples<const double> x, i64 p, Samples<const double> q, i64 n_out,
             const double* factor, const double* bar, const double* limit, const double* alone, const double* rounding,
             double* norms, double* products, i64* best, int threads) {
  const i64 n_problems = q.n, n_parts = ceil_div(p, kColumns);
  List<Addition> found(n_parts * n_problems);
  List<double> sums(n_problems * p), scores(p);
  for_units(n_parts, threads, [&](i64 part) {
    const i64 begin = part * kColumns, n = std::min(kColumns, p - begin);
    kernels.column_products({x.data + begin, x.stride, x.n}, q, n, {&sums[begin], p});
    for (i64 r = 0; r < n_problems; ++r) {
      const i64 at = r * p + begin;
      double* score = &scores[begin];
      kernels.take_away(&sums[at], n, factor + r * n_out, {products + r * n_out * p + begin, p, n_out}, bar + at,
                        limit + at, norms + at, score);
      Addition candidate = best_of(score, norms + at, limit + at, alone + at, n, rounding[r]);
      if (candidate.feature >= 0) candidate.feature += begin;
      found[part * n_problems + r] = candidate;
    }
  });
  for (i64 r = 0; r < n_problems; ++r) {
    Addition most = {-1, -1};
    for (i64 part = 0; part < n_parts; ++part) {
      const Addition& candidate = found[part * n_problems + r];
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
