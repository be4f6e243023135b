#include "solve/backward.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "dispatch/cpu.h"
#include "dispatch/table.h"
#include "solve/group_blocks.h"
#include "solve/held_out.h"
#include "solve/rows.h"
#include "solve/together.h"
#include "solve/transpose.h"

namespace prunus {
namespace {

constexpr i64 kBlock = 64;         // removals that H waits for
constexpr i64 kRowsAtOnce = 32;    // of H, for a thread
constexpr i64 kFewFeatures = 256;  // H of fewer is brought up to date in less time than a thread takes to wake
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The features that are still there lie together in the first n rows and columns, in their order, with a few among them
// that have gone since they were last moved together.
class Eliminator {
 public:
  Eliminator(double* inverse, i64 p, double* coef, i64 n_out, FeatureGroups groups, double floor, double rounding,
             HeldOut held, int threads)
      : inverse_(inverse),
        p_(p),
        result_(coef),
        n_out_(n_out),
        groups_(groups),
        rounding_(rounding),
        threads_(threads),
        kernels_(active_target().kernels<double>()),
        n_(p),
        stride_(odd_stride(p)),
        rows_(static_cast<size_t>(kBlock * stride_)),
        coef_(coef, coef + n_out * p),
        column_(size_of(p)),
        weights_(size_of(kBlock)),
        factors_(size_of(n_out)),
        diagonal_(size_of(p)),
        limit_(size_of(p)),
        bar_(size_of(p), kInfinity),
        score_(size_of(p)),
        feature_(size_of(p)),
        group_of_(size_of(p)),
        nothing_(size_of(p), 0),
        is_gone_(size_of(p), 0),
        place_(groups.start, groups.start + groups.n),
        block_(size_of(groups.n)),
        held_(held, p, coef, n_out) {
    for (i64 j = 0; j < p; ++j) {
      feature_[size_of(j)] = j;
      diagonal_[size_of(j)] = inverse[j * p + j];
      limit_[size_of(j)] = floor * diagonal_[size_of(j)];
    }
    for (i64 g = 0; g < groups.n; ++g) begin_group(g);
    kernels_.take_away(nothing_.data(), n_, factors_.data(), n_out_, n_, bar_.data(), limit_.data(), diagonal_.data(),
                       coef_.data(), score_.data());
  }

  // Removes the best group. Returns it with the rise, or -1 where none may go or can; is_low tells whether H has to be
  // computed anew.
  i64 step(double& rise, bool& is_low) {
    const i64 g = best();
    if (g < 0) return -1;
    rise = 0;
    several_.erase(std::remove(several_.begin(), several_.end(), g), several_.end());
    const i64 begin = place_[size_of(g)];
    for (i64 j = begin; j < begin + size_of_group(g); ++j) {
      if (!remove(j, j + 1 == begin + size_of_group(g), rise, is_low)) return -1;
    }
    if (4 * static_cast<i64>(gone_.size()) >= n_) {
      catch_up();
      move_together();
    }
    return g;
  }

  void finish() {
    catch_up_held_out();  // nobody asks for H
    std::fill(result_, result_ + n_out_ * p_, 0.0);
    for (i64 k = 0; k < n_out_; ++k) {
      for (i64 j = 0; j < n_; ++j) {
        if (!is_gone_[size_of(j)]) result_[k * p_ + feature_[size_of(j)]] = coef_[size_of(k * n_ + j)];
      }
    }
  }

 private:
  i64 size_of_group(i64 g) const { return groups_.start[g + 1] - groups_.start[g]; }

  void begin_group(i64 g) {
    const i64 begin = groups_.start[g], size = size_of_group(g);
    for (i64 j = begin; j < begin + size; ++j) group_of_[size_of(j)] = g;
    if (groups_.stays[g] || size == 0) return;
    if (size == 1) {
      bar_[size_of(begin)] = 0;
      return;
    }
    several_.push_back(g);
    block_[size_of(g)] = GroupBlock(inverse_ + begin * p_ + begin, p_, size);
  }

  i64 best() const {
    double least = kInfinity;
    for (i64 j = 0; j < n_; ++j) {
      if (score_[size_of(j)] < least && bar_[size_of(j)] == 0) least = score_[size_of(j)];
    }
    i64 g = -1;
    for (i64 j = n_; j-- > 0 && g < 0;) {
      if (score_[size_of(j)] <= least * (1 + kTie) + rounding_ && bar_[size_of(j)] == 0) g = group_of_[size_of(j)];
    }
    for (const i64 h : several_) {
      const double rise = rise_of(h);
      if (rise < least * (1 - kTie) - rounding_ || (rise <= least * (1 + kTie) + rounding_ && h > g)) {
        least = rise;
        g = h;
      }
    }
    return g;
  }

  double rise_of(i64 g) const {
    const i64 at = place_[size_of(g)];
    return block_[size_of(g)].norm_of(&coef_[size_of(at)], n_out_, n_, nothing_.data());
  }

  // Removes the feature at j and adds to the rise of the loss; false if rounding has left nothing of its diagonal
  // element.
  bool remove(i64 j, bool ends_group, double& rise, bool& is_low) {
    double* u = &rows_[size_of(n_rows_ * stride_)];
    for (i64 t = 0; t < n_rows_; ++t) weights_[size_of(t)] = rows_[size_of(t * stride_ + j)];
    kernels_.subtract_combination(inverse_ + j * p_, rows_.data(), stride_, n_rows_, weights_.data(), n_,
                                  column_.data());
    if (!(column_[size_of(j)] > 0)) return false;
    const double root = 1 / std::sqrt(column_[size_of(j)]);
    for (i64 i = 0; i < n_; ++i) u[i] = column_[size_of(i)] * root;
    for (const i64 i : gone_) u[i] = 0;  // but for rounding it is
    for (i64 k = 0; k < n_out_; ++k) {
      const double factor = coef_[size_of(k * n_ + j)] * root;
      factors_[size_of(k)] = factor;
      rise += factor * factor;
    }
    bar_[size_of(j)] = kInfinity;
    limit_[size_of(j)] = -kInfinity;
    is_gone_[size_of(j)] = 1;
    is_low |= kernels_.take_away(u, n_, factors_.data(), n_out_, n_, bar_.data(), limit_.data(), diagonal_.data(),
                                 coef_.data(), score_.data()) != 0;
    diagonal_[size_of(j)] = 1;  // its place is passed over from here on, and divides by it
    for (i64 k = 0; k < n_out_; ++k) coef_[size_of(k * n_ + j)] = 0;
    for (const i64 g : several_) block_[size_of(g)].subtract(u + place_[size_of(g)]);
    held_.note(factors_.data(), ends_group);
    gone_.push_back(j);
    if (++n_rows_ == kBlock) catch_up();
    return true;
  }

  // Brings H up to date: on and above the diagonal, and a copy of it below.
  void catch_up() {
    if (n_rows_ == 0) return;
    for_units(ceil_div(n_, kRowsAtOnce), n_ < kFewFeatures ? 1 : threads_, [&](i64 part) {
      const i64 begin = part * kRowsAtOnce, end = std::min(begin + kRowsAtOnce, n_);
      kernels_.subtract_products(inverse_, p_, rows_.data(), stride_, rows_.data(), stride_, n_rows_, {begin, end},
                                 {begin, n_});
      transpose(inverse_ + begin * p_ + end, p_, end - begin, n_ - end, inverse_ + end * p_ + begin, p_);
    });
    catch_up_held_out();
  }

  void catch_up_held_out() {
    held_.catch_up(rows_.data(), stride_, n_, kernels_);
    n_rows_ = 0;
  }

  void move_together() {
    std::vector<i64> from;
    for (i64 j = 0; j < n_; ++j) {
      if (!is_gone_[size_of(j)]) from.push_back(j);
    }
    const i64 n = static_cast<i64>(from.size());
    // Rows and columns move towards the start, so that what is read has not been written.
    for (i64 i = 0; i < n; ++i) {
      for (i64 j = 0; j < n; ++j) inverse_[i * p_ + j] = inverse_[from[size_of(i)] * p_ + from[size_of(j)]];
    }
    for (i64 k = 0; k < n_out_; ++k) {
      for (i64 j = 0; j < n; ++j) coef_[size_of(k * n + j)] = coef_[size_of(k * n_ + from[size_of(j)])];
    }
    const auto gather = [&](auto& values) {
      for (i64 j = 0; j < n; ++j) values[size_of(j)] = values[size_of(from[size_of(j)])];
    };
    gather(diagonal_), gather(limit_), gather(bar_), gather(score_), gather(feature_), gather(group_of_);
    gather(is_gone_);
    for (i64 j = n; j-- > 0;) place_[size_of(group_of_[size_of(j)])] = j;  // the first of each group stands last
    held_.move(from, n_);
    n_ = n;
    gone_.clear();
  }

  double* inverse_;
  i64 p_;
  double* result_;
  i64 n_out_;
  FeatureGroups groups_;
  double rounding_;
  int threads_;
  const Kernels<double>& kernels_;
  i64 n_, n_rows_ = 0;
  i64 stride_;
  std::vector<double> rows_;  // columns of H that have gone since H was brought up to date, each over its own root
  std::vector<double> coef_;  // (n_out, n)
  std::vector<double> column_, weights_, factors_, diagonal_, limit_, bar_, score_;
  std::vector<i64> feature_, group_of_;  // at each place
  const std::vector<double> nothing_;    // zeros
  std::vector<u8> is_gone_;
  std::vector<i64> gone_;          // the places of those
  std::vector<i64> place_;         // of the first feature of each group
  std::vector<i64> several_;       // groups of several features that are there and may go
  std::vector<GroupBlock> block_;  // of H, of each of them
  HeldOutError held_;
};

}  // namespace

i64 eliminate(double* inverse, i64 p, double* coef, i64 n_out, FeatureGroups groups, Removals removals, double floor,
              HeldOut held, int threads) {
  Eliminator eliminator(inverse, p, coef, n_out, groups, floor, removals.rounding, held, threads);
  i64 n = 0;
  for (bool is_low = false; n < removals.n && !is_low; ++n) {
    const i64 g = eliminator.step(removals.rise[n], is_low);
    if (g < 0) break;
    removals.group[n] = g;
  }
  eliminator.finish();
  return n;
}

}  // namespace prunus
