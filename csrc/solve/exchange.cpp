#include "solve/exchange.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dispatch/table.h"
#include "solve/rows.h"
#include "solve/swap.h"
#include "solve/together.h"

namespace prunus {
namespace {

// By how much of the loss an exchange must improve, relative: in the descent and in the certificate; of the walk, whose
// numbers come from up to 25 updates, to be the best so far.
constexpr double kImproves = 1e-10, kIsBetter = 1e-9;
constexpr int kRefresh = 25;
// A residual of so little of the outputs' squared length is rounding, and no reason for an exchange.
constexpr double kZero = 1e-12;
// The walk. A step costs one unit of patience, four where the loss is more than a quarter above the best: in the
// prototype no improvement began there. What came may not leave again for two steps, what left may not return for as
// many as there are features that may leave (F. Glover, "Tabu search", 1989).
constexpr double kHot = 0.25;
constexpr i64 kHotCost = 4, kStay = 2;

// A set A of k independent features, with H the inverse of its Gram matrix G_AA and c the products with the outputs,
// kept up to date in O(k p) when one feature comes for another. H G_A and H lie side by side in `rows_`, p + k wide,
// since every update takes the same combination from both.
class State {
 public:
  State(const Kernels<double>& kernels, const ExchangeProblem& problem, GramRows& source, List<i64> members)
      : problem_(problem),
        source_(source),
        kernels_(kernels),
        members_(std::move(members)),
        k_(members_.size()),
        width_(problem.p + k_),
        rows_(k_ * width_),
        row_(width_),
        left_(width_),
        coef_(problem.n_out * k_),
        norms_(problem.p),
        rest_(problem.n_out * problem.p),
        column_(k_) {}

  const List<i64>& members() const { return members_; }
  i64 k() const { return k_; }
  double rss() const { return rss_; }
  bool is_exhausted() const { return rss_ <= kZero * problem_.total; }
  void set_members(List<i64> members) { members_ = std::move(members); }

  // Computes everything anew, from the set alone: a Cholesky factorization, forwards over G_A beside the identity, then
  // backwards. False if the features are collinear. O(k^2 p).
  bool refresh() {
    std::sort(members_.begin(), members_.end());
    std::fill(norms_.begin(), norms_.end(), 1.0);
    std::copy(problem_.products, problem_.products + problem_.n_out * problem_.p, rest_.begin());
    rss_ = problem_.total;
    source_.prepare(members_.data(), k_);
    for (i64 t = 0; t < k_; ++t) {
      if (!factorize(t)) return false;
    }
    for (i64 t = k_; t-- > 0;) substitute(t);
    for (i64 m = 0; m < problem_.n_out; ++m) {
      for (i64 t = 0; t < k_; ++t) {
        double sum = 0;  // b = H c
        for (i64 s = 0; s < k_; ++s) {
          sum += wide(t)[problem_.p + s] * problem_.products[m * problem_.p + members_[s]];
        }
        coef_[m * k_ + t] = sum;
      }
    }
    return true;
  }

  BestSwaps best_swaps(const u8* barred, const u8* locked, int threads) {
    for (i64 t = 0; t < k_; ++t) column_[t] = wide(t)[problem_.p + t];
    const SubsetState state = {{rows_.data(), width_}, column_.data(),  coef_.data(), norms_.data(),
                               rest_.data(),           members_.data(), k_,           problem_.p,
                               problem_.n_out};
    return prunus::best_swaps(kernels_, state, barred, locked, problem_.tolerance, threads);
  }

  // Lets one member go and a feature come, by updates of rank one. O(k p).
  void exchange(const Swap& swap) {
    drop(swap.member);
    add(swap.member, swap.feature);
  }

 private:
  double* wide(i64 t) { return &rows_[t * width_]; }

  // w_t = (g_t - sum over s < t of R_st w_s) / R_tt, where R_st is w_s at the place of member t.
  bool factorize(i64 t) {
    const i64 p = problem_.p, j = members_[t];
    const double* from = source_.row(j);
    std::copy(from, from + p, row_.begin());
    std::fill(row_.begin() + p, row_.end(), 0.0);
    row_[p + t] = 1;
    for (i64 s = 0; s < t; ++s) column_[s] = wide(s)[j];
    double* w = wide(t);
    kernels_.subtract_combination(row_.data(), {rows_.data(), width_, t}, column_.data(), width_, w);
    // Of features of length one a factorization leaves a few units of rounding for each.
    if (!(w[j] > 4 * std::numeric_limits<double>::epsilon() * static_cast<double>(std::max<i64>(k_, 100))))
      return false;
    const double root = 1 / std::sqrt(w[j]);
    for (i64 i = 0; i < width_; ++i) w[i] *= root;
    for (i64 i = 0; i < p; ++i) norms_[i] -= w[i] * w[i];
    for (i64 m = 0; m < problem_.n_out; ++m) {
      double* rest = &rest_[m * p];
      const double z = rest[j] * root;
      for (i64 i = 0; i < p; ++i) rest[i] -= z * w[i];
      rss_ -= z * z;
    }
    return true;
  }

  // v_t = (w_t - sum over s > t of R_ts v_s) / R_tt.
  void substitute(i64 t) {
    double* w = wide(t);
    for (i64 s = t + 1; s < k_; ++s) column_[s] = w[members_[s]];
    const double root = 1 / w[members_[t]];
    kernels_.subtract_combination(w, {wide(t) + width_, width_, k_ - t - 1}, column_.data() + t + 1, width_,
                                  row_.data());
    for (i64 i = 0; i < width_; ++i) w[i] = row_[i] * root;
  }

  void drop(i64 i) {
    const i64 p = problem_.p;
    std::copy(wide(i), wide(i) + width_, row_.begin());
    const double h = row_[p + i];
    for (i64 t = 0; t < k_; ++t) column_[t] = row_[p + t] / h;
    for (i64 j = 0; j < p; ++j) norms_[j] += row_[j] * row_[j] / h;
    for (i64 m = 0; m < problem_.n_out; ++m) {
      double *coef = &coef_[m * k_], *rest = &rest_[m * p];
      const double b = coef[i];
      for (i64 j = 0; j < p; ++j) rest[j] += b / h * row_[j];
      for (i64 t = 0; t < k_; ++t) coef[t] -= b * column_[t];
      coef[i] = 0;
      rss_ += b * b / h;
    }
    take_rows(row_.data());
    // What is left there is rounding; the place is the next one's.
    std::fill(wide(i), wide(i) + width_, 0.0);
    for (i64 t = 0; t < k_; ++t) wide(t)[p + i] = 0;
  }

  void add(i64 i, i64 j) {
    const i64 p = problem_.p;
    const double* from = source_.row(j);
    for (i64 t = 0; t < k_; ++t) {
      factors_of(t, i, j, from);
    }
    kernels_.subtract_combination(from, {rows_.data(), width_, k_}, row_.data(), p, left_.data());
    const double s = left_[j];
    members_[i] = j;
    for (i64 l = 0; l < p; ++l) norms_[l] -= left_[l] * left_[l] / s;
    for (i64 m = 0; m < problem_.n_out; ++m) {
      double *coef = &coef_[m * k_], *rest = &rest_[m * p];
      const double d = rest[j];
      for (i64 l = 0; l < p; ++l) rest[l] -= d / s * left_[l];
      for (i64 t = 0; t < k_; ++t) coef[t] -= d / s * column_[t];
      rss_ -= d * d / s;
    }
    for (i64 l = 0; l < p; ++l) left_[l] /= s;
    for (i64 t = 0; t < k_; ++t) left_[p + t] = -column_[t] / s;
    take_rows(left_.data());
  }

  // The product of the feature that comes with member t, and what it takes of that one's row.
  void factors_of(i64 t, i64 i, i64 j, const double* row) {
    row_[t] = t == i ? 0.0 : row[members_[t]];
    column_[t] = t == i ? -1.0 : wide(t)[j];
  }

  // Every row less its part of `column_` times this one.
  void take_rows(const double* row) {
    kernels_.subtract_products({rows_.data(), width_}, {column_.data(), k_}, {row, width_}, 1, {0, k_}, {0, width_});
  }

  const ExchangeProblem& problem_;
  GramRows& source_;
  const Kernels<double>& kernels_;
  List<i64> members_;  // what comes takes the place of what goes
  i64 k_, width_;
  List<double> rows_;        // (k, p + k)
  List<double> row_, left_;  // of one row
  List<double> coef_;        // (n_out, k), b = c_A H
  List<double> norms_;       // (p), what is left of each feature
  List<double> rest_;        // (n_out, p), c - b G_A
  List<double> column_;      // (k)
  double rss_ = 0;
};

class Search {
 public:
  Search(const Kernels<double>& kernels, const ExchangeProblem& problem, GramRows& rows, int threads)
      : kernels_(kernels), problem_(problem), rows_(rows), threads_(threads), barred_(2 * problem.p, 0) {}

  ExchangedSet run(const List<List<i64>>& starts) {
    ExchangedSet best = {{}, std::numeric_limits<double>::infinity(), false, false};
    for (i64 i = 0; i < starts.size(); ++i) {
      if (std::find(starts.begin(), starts.begin() + static_cast<std::ptrdiff_t>(i), starts[i]) !=
          starts.begin() + static_cast<std::ptrdiff_t>(i)) {
        continue;  // as one before
      }
      const ExchangedSet found = polished(starts[i]);
      if (found.is_found && (!best.is_found || found.rss < best.rss - kIsBetter * unit(best.rss))) best = found;
    }
    if (!best.is_found) return best;
    const List<i64> better = walk(best.members);
    if (better.empty()) return best;
    ExchangedSet found = polished(better);
    return found.is_found && found.rss < best.rss ? found : best;
  }

 private:
  // What a loss is measured by: itself, but for rounding.
  double unit(double rss) const { return std::max(rss, kZero * problem_.total); }

  ExchangedSet polished(const List<i64>& start) {
    State state(kernels_, problem_, rows_, start);
    if (!state.refresh()) return {{}, 0, false, false};
    const bool is_optimal = descend(state);
    return {state.members(), std::max(state.rss(), 0.0), true, is_optimal};
  }

  // Exchanges until numbers that are computed anew show no exchange that improves the set; whether it came to that.
  //
  // Of features that are nearly collinear an exchange can promise more than it holds. So the loss must fall from one
  // computation to the next, else the set before is the last; that also makes this end.
  bool descend(State& state) {
    for (;;) {
      const List<i64> before = state.members();
      const double rss = state.rss();
      for (int step = 0; step < kRefresh; ++step) {
        const Swap swap = improvement(state);
        if (swap.member < 0) break;
        state.exchange(swap);
      }
      if (state.members() == before) return true;
      if (!(state.refresh() && state.rss() < rss)) {
        state.set_members(before);
        state.refresh();
        return false;
      }
    }
  }

  // The best exchange if it improves the set.
  Swap improvement(State& state) {
    if (state.is_exhausted()) return {0, -1, -1};
    std::fill(barred_.begin(), barred_.end(), u8{0});
    const Swap swap = state.best_swaps(barred_.data(), locks(state), threads_).of_all;
    const bool improves = swap.member >= 0 && swap.change < -kImproves * unit(state.rss());
    return improves ? swap : Swap{0, -1, -1};
  }

  const u8* locks(const State& state) {
    locked_.assign(2 * state.k(), 0);
    for (i64 t = 0; t < state.k(); ++t) {
      locked_[t] = locked_[state.k() + t] = problem_.keep[state.members()[t]];
    }
    return locked_.data();
  }

  // Takes the best exchange that is not forbidden, up or down, step after step. Returns the members of the best set on
  // the way, ascending; none where that was the first.
  List<i64> walk(const List<i64>& start) {
    const i64 p = problem_.p, k = start.size();
    i64 n_movable = 0;
    for (const i64 j : start) n_movable += !problem_.keep[j];
    if (n_movable < 2 || p - k < 2 || problem_.patience == 0)
      return {};  // one exchange leads to each set that there is
    State state(kernels_, problem_, rows_, start);
    if (!state.refresh()) return {};
    const i64 stay_out = std::min(n_movable, std::max<i64>(1, (p - k) / 2)), stay_in = std::min(kStay, n_movable / 2);
    List<i64> best, until(p, 0);  // the last step in which a feature may not move
    double best_rss = state.rss();
    for (i64 step = 1, spent = 0; spent < problem_.patience && !state.is_exhausted(); ++step) {
      const Swap swap = next(state, until, step, best_rss);
      if (swap.member < 0) break;
      until[state.members()[swap.member]] = step + stay_out;
      until[swap.feature] = step + stay_in;
      state.exchange(swap);
      if (step % kRefresh == 0 && !state.refresh()) break;
      if (state.rss() < best_rss - kIsBetter * unit(best_rss)) {
        best = state.members();
        best_rss = state.rss();
        spent = 0;
      } else {
        spent += state.rss() > (1 + kHot) * best_rss ? kHotCost : 1;
      }
    }
    std::sort(best.begin(), best.end());
    return best;
  }

  // The best exchange of features that need not wait, or one that leads to the best set so far.
  Swap next(State& state, const List<i64>& until, i64 step, double best_rss) {
    const i64 p = problem_.p;
    std::fill(barred_.begin(), barred_.begin() + p, u8{0});
    for (i64 j = 0; j < p; ++j) barred_[p + j] = until[j] >= step;
    locks(state);
    for (i64 t = 0; t < state.k(); ++t) {
      locked_[state.k() + t] = until[state.members()[t]] >= step;
    }
    const BestSwaps found = state.best_swaps(barred_.data(), locked_.data(), threads_);
    if (found.of_all.member < 0) return found.of_all;
    if (state.rss() + found.of_all.change < best_rss - kIsBetter * unit(best_rss)) return found.of_all;
    return found.of_free;
  }

  const Kernels<double>& kernels_;
  const ExchangeProblem& problem_;
  GramRows& rows_;
  int threads_;
  List<u8> barred_, locked_;
};

}  // namespace

ExchangedSet exchange(const Kernels<double>& kernels, const ExchangeProblem& problem, GramRows& rows,
                      const List<List<i64>>& starts, int threads) {
  return Search(kernels, problem, rows, threads).run(starts);
}

List<ExchangedSet> exchange_sizes(const Kernels<double>& kernels, const ExchangeProblem& problem,
                                  Rows<const double> gram, const List<List<i64>>& orders, i64 first, i64 last,
                                  int threads) {
  List<ExchangedSet> found(std::max<i64>(last - first + 1, 0));
  const int inside = found.size() == 1 ? threads : 1;
  // From the largest on, which takes longest.
  for_units(found.size(), threads, [&](i64 unit) {
    const i64 size = last - unit;
    List<List<i64>> starts;
    for (const List<i64>& order : orders) {
      if (order.size() < size) continue;
      starts.emplace_back(order.begin(), order.begin() + size);
      std::sort(starts.back().begin(), starts.back().end());
    }
    MatrixRows rows(gram);
    found[size - first] = exchange(kernels, problem, rows, starts, inside);
  });
  return found;
}

}  // namespace prunus
