#include "solve/fit_rows.h"

#include <algorithm>
#include <memory>

#include "list.h"
#include "solve/cholesky.h"
#include "solve/rows.h"
#include "solve/together.h"

namespace prunus {
namespace {

// What a thread needs for the rows of one support; the same for all that it does.
class Space {
 public:
  Space(const Kernels<double>& kernels, Interrupt* interrupt) : kernels_(kernels), interrupt_(interrupt) {}

  // Takes the part of the matrix that a support has. False if a pivot is not above `least`.
  bool factorize(Rows<const double> gram, const u8* support, i64 p, double least) {
    places_.clear();
    for (i64 j = 0; j < p; ++j) {
      if (support[j] != 0) places_.push_back(j);
    }
    const i64 k = places_.size();
    root_.resize(k * odd_stride(k));
    for (i64 i = 0; i < k; ++i) {
      for (i64 j = i; j < k; ++j) root()[i][j] = gram[places_[i]][places_[j]];
    }
    return prunus::factorize(kernels_, root(), k, least, 1, interrupt_);
  }

  // R'R w = c on the support: forwards, then backwards, both by rows of R.
  void solve(const double* c, double* w, i64 p) {
    const i64 k = places_.size();
    solution_.resize(k);
    for (i64 i = 0; i < k; ++i) solution_[i] = c[places_[i]];
    for (i64 i = 0; i < k; ++i) {
      const double* row = root()[i];
      const double z = solution_[i] /= row[i];
      for (i64 j = i + 1; j < k; ++j) solution_[j] -= z * row[j];
    }
    for (i64 i = k; i-- > 0;) {
      const double* row = root()[i];
      double sum = solution_[i];
      for (i64 j = i + 1; j < k; ++j) sum -= row[j] * solution_[j];
      solution_[i] = sum / row[i];
    }
    std::fill(w, w + p, 0.0);
    for (i64 i = 0; i < k; ++i) w[places_[i]] = solution_[i];
  }

 private:
  Rows<double> root() { return {root_.data(), odd_stride(places_.size())}; }

  const Kernels<double>& kernels_;
  Interrupt* interrupt_;
  List<i64> places_;  // of the support
  List<double> root_, solution_;
};

// Where rows with another support than the one before begin, and where the last one ends.
List<i64> runs_of(const u8* support, i64 n, i64 p) {
  List<i64> begin;
  for (i64 r = 0; r < n; ++r) {
    if (r == 0 || !std::equal(support + r * p, support + (r + 1) * p, support + (r - 1) * p)) begin.push_back(r);
  }
  begin.push_back(n);
  return begin;
}

}  // namespace

void fit_rows(const Kernels<double>& kernels, Rows<const double> gram, i64 p, Samples<const double> products,
              const u8* support, double least, Rows<double> w, u8* is_done, int threads, Interrupt* interrupt) {
  const List<i64> begin = runs_of(support, products.n, p);
  List<std::unique_ptr<Space>> spaces(std::max(threads, 1));
  for_units(begin.size() - 1, threads, [&](i64 run, int rank) {
    std::unique_ptr<Space>& space = spaces[rank];
    if (!space) space = std::make_unique<Space>(kernels, interrupt);
    const bool is_there = !is_asked(interrupt) && space->factorize(gram, support + begin[run] * p, p, least);
    for (i64 r = begin[run]; r < begin[run + 1]; ++r) {
      is_done[r] = is_there;
      if (is_there) space->solve(products[r], w[r], p);
    }
  });
}

}  // namespace prunus
