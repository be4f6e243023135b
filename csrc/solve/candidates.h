// What each group of features would cost if it went next.
#pragma once

#include <algorithm>
#include <limits>

#include "dispatch/table.h"
#include "list.h"
#include "solve/backward.h"
#include "solve/group_blocks.h"
#include "solve/rows.h"

namespace prunus {

// The coefficients, the diagonal of the inverse and the blocks of groups of several features, kept up to date with
// every feature that goes; from them the rise of the loss that each group would bring.
class Candidates {
 public:
  Candidates(const Kernels<double>& kernels, Rows<const double> inverse, i64 p, Samples<const double> coef,
             FeatureGroups groups, double floor, double rounding)
      : kernels_(kernels),
        groups_(groups),
        rounding_(rounding),
        n_(p),
        n_out_(coef.n),
        factors_(coef.n),
        diagonal_(p),
        limit_(p),
        bar_(p, kInfinity),
        score_(p),
        nothing_(p, 0),
        feature_(p),
        group_of_(p),
        is_gone_(p, 0),
        place_(groups.start, groups.start + groups.n),
        block_(groups.n) {
    for (i64 k = 0; k < n_out_; ++k) coef_.insert(coef_.end(), coef[k], coef[k] + p);
    for (i64 j = 0; j < p; ++j) {
      feature_[j] = j;
      diagonal_[j] = inverse[j][j];
      limit_[j] = floor * diagonal_[j];
    }
    for (i64 g = 0; g < groups.n; ++g) begin_group(g, inverse);
    take_away(nothing_.data());
  }

  // The group that lets the loss rise least, of equal ones the last; -1 for none.
  i64 best() const {
    double least = kInfinity;
    for (i64 j = 0; j < n_; ++j) {
      if (score_[j] < least && bar_[j] == 0) least = score_[j];
    }
    i64 g = -1;
    for (i64 j = n_; j-- > 0 && g < 0;) {
      if (score_[j] <= least * (1 + kTie) + rounding_ && bar_[j] == 0) g = group_of_[j];
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

  // The group is no candidate any more. Returns the places of its features, which are to be taken.
  Range choose(i64 g) {
    several_.erase(std::remove(several_.begin(), several_.end(), g), several_.end());
    return {place_[g], place_[g] + size_of_group(g)};
  }

  // All features of the group have gone. Where no more of its pool may go, the others are candidates no more.
  void count(i64 g) {
    if (groups_.room != nullptr && --groups_.room[groups_.pool[g]] == 0) keep_the_rest_of(groups_.pool[g]);
  }

  // The feature at j goes, and u with it (LateInverse). Returns by how much the loss rises; is_low is set where an
  // element of the diagonal has fallen below its limit.
  double take(i64 j, const double* u, double inverse_root, bool& is_low) {
    double rise = 0;
    for (i64 k = 0; k < n_out_; ++k) {
      factors_[k] = coef_[k * n_ + j] * inverse_root;
      rise += factors_[k] * factors_[k];
    }
    bar_[j] = kInfinity;
    limit_[j] = -kInfinity;
    is_gone_[j] = 1;
    is_low |= take_away(u);
    diagonal_[j] = 1;  // its place is passed over from here on, and divides by it
    for (i64 k = 0; k < n_out_; ++k) coef_[k * n_ + j] = 0;
    for (const i64 g : several_) block_[g].subtract(u + place_[g]);
    return rise;
  }

  // What the last feature took of each output's coefficients: this times its u.
  const double* factors() const { return factors_.data(); }

  // The places of the features that are there.
  List<i64> remaining() const {
    List<i64> places;
    for (i64 j = 0; j < n_; ++j) {
      if (!is_gone_[j]) places.push_back(j);
    }
    return places;
  }

  // The i-th feature moves to where from[i] was, which ascends.
  void move(const List<i64>& from) {
    const i64 n = from.size();
    for (i64 k = 0; k < n_out_; ++k) {
      for (i64 j = 0; j < n; ++j) coef_[k * n + j] = coef_[k * n_ + from[j]];
    }
    const auto gather = [&](auto& values) {
      for (i64 j = 0; j < n; ++j) values[j] = values[from[j]];
    };
    gather(diagonal_), gather(limit_), gather(bar_), gather(score_), gather(feature_), gather(group_of_);
    gather(is_gone_);
    for (i64 j = n; j-- > 0;) place_[group_of_[j]] = j;  // the first of each group stands last
    n_ = n;
  }

  // The coefficients of what is left, at the features' own places; zero elsewhere.
  void put(Samples<double> coef, i64 p) const {
    for (i64 k = 0; k < n_out_; ++k) {
      std::fill(coef[k], coef[k] + p, 0.0);
      for (i64 j = 0; j < n_; ++j) {
        if (!is_gone_[j]) coef[k][feature_[j]] = coef_[k * n_ + j];
      }
    }
  }

 private:
  void keep_the_rest_of(i64 pool) {
    const auto is_of_it = [&](i64 g) { return groups_.pool[g] == pool; };
    for (i64 j = 0; j < n_; ++j) {
      if (is_of_it(group_of_[j])) bar_[j] = kInfinity;
    }
    several_.erase(std::remove_if(several_.begin(), several_.end(), is_of_it), several_.end());
  }

  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  i64 size_of_group(i64 g) const { return groups_.start[g + 1] - groups_.start[g]; }

  void begin_group(i64 g, Rows<const double> inverse) {
    const i64 begin = groups_.start[g], size = size_of_group(g);
    for (i64 j = begin; j < begin + size; ++j) group_of_[j] = g;
    if (groups_.stays[g] || size == 0) return;
    if (size == 1) {
      bar_[begin] = 0;
      return;
    }
    several_.push_back(g);
    block_[g] = GroupBlock(inverse.from(begin, begin), size);
  }

  double rise_of(i64 g) const { return block_[g].norm_of({&coef_[place_[g]], n_, n_out_}, nothing_.data()); }

  bool take_away(const double* u) {
    return kernels_.take_away(u, n_, factors_.data(), {coef_.data(), n_, n_out_}, bar_.data(), limit_.data(),
                              diagonal_.data(), score_.data()) != 0;
  }

  const Kernels<double>& kernels_;
  FeatureGroups groups_;
  double rounding_;
  i64 n_, n_out_;
  List<double> coef_;  // (n_out, n)
  List<double> factors_, diagonal_, limit_, bar_, score_;
  const List<double> nothing_;    // zeros
  List<i64> feature_, group_of_;  // at each place
  List<u8> is_gone_;
  List<i64> place_;         // of the first feature of each group
  List<i64> several_;       // groups of several features that are there and may go
  List<GroupBlock> block_;  // of the inverse, of each of them
};

}  // namespace prunus
