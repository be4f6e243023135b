// Sets of a given size by exchanges of one feature for another: descent, a walk to better sets, and a certificate.
#pragma once

#include "dispatch/table.h"
#include "list.h"

namespace prunus {

// Rows of a Gram matrix whose diagonal is one.
class GramRows {
 public:
  virtual ~GramRows() = default;
  // The row of a feature, (p); it is there until the next call.
  virtual const double* row(i64 feature) = 0;
  // Rows that are asked for next: where each costs a pass over the data, one pass is enough for all.
  virtual void prepare(const i64* features, i64 n) = 0;
};

// Those of a matrix that is there.
class MatrixRows final : public GramRows {
 public:
  explicit MatrixRows(Rows<const double> matrix) : matrix_(matrix) {}
  const double* row(i64 feature) override { return matrix_[feature]; }
  void prepare(const i64*, i64) override {}

 private:
  Rows<const double> matrix_;
};

// What the searches for all sizes have in common.
struct ExchangeProblem {
  i64 p;
  i64 n_out;
  const double* products;  // (n_out, p), with the outputs
  double total;            // squared length of the outputs
  const u8* keep;          // (p) members that never leave
  double tolerance;        // what is left of a feature that may come is more than this
  i64 patience;            // steps of a walk without a better set; 0 for no walk
};

struct ExchangedSet {
  List<i64> members;  // ascending; none where every start is collinear
  double rss;
  bool is_found;
  bool is_optimal;  // no exchange of two features lets the loss fall by 1e-10 of itself
};

// Descends from each start, of one size and ascending, walks on from the best end and certifies what is found; of equal
// ends the first start's is taken. Starts that are collinear are passed over. Each step looks at all k (p - k)
// exchanges and takes the best, in O(n_out k p); there is no chance in it, and it depends on no number of threads.
// Throws std::bad_alloc.
ExchangedSet exchange(const Kernels<double>& kernels, const ExchangeProblem& problem, GramRows& rows,
                      const List<List<i64>>& starts, int threads);

// The same for every size from `first` to `last`: its starts are as many features as it has, from the beginning of each
// order that is long enough. Sizes are units of work for the threads.
List<ExchangedSet> exchange_sizes(const Kernels<double>& kernels, const ExchangeProblem& problem,
                                  Rows<const double> gram, const List<List<i64>>& orders, i64 first, i64 last,
                                  int threads);

}  // namespace prunus
