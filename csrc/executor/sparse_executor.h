// A network for sparse samples: what a sample does not have is not multiplied.
#pragma once

#include <memory>
#include <variant>

#include "executor/executor.h"
#include "pack/csr.h"

namespace prunus {

// The first layer for sparse samples: its weight transposed, (n_in, n_out), so that what an entry of a sample is
// multiplied by lies together; row-major, or its entries that are not zero.
template <class T>
struct SparseRowsLayer {
  std::variant<List<T>, CsrMatrix<T>> weight;
  List<T> bias;  // n_out
  Activation activation = Activation::identity;
  T negative_slope = T(0);
};

// What an entry of a sample, and a sample, take in it, and an activation that is made dense, in cycles.
struct SparseCosts {
  double entry, sample, activation;
};

template <class T>
class SparseExecutor {
 public:
  // whole: of all layers, for samples that are faster when they are made dense. rest: of the layers that follow the
  // first, null if none do. read: for each feature whether some weight reads it, or nothing if all are. Throws
  // std::invalid_argument if they do not fit each other.
  SparseExecutor(const Kernels<T>& kernels, SparseRowsLayer<T> first, std::shared_ptr<const Executor<T>> whole,
                 std::shared_ptr<const Executor<T>> rest, const SparseCosts& costs, List<u8> read);

  i64 n_in() const { return whole_->n_in(); }
  i64 n_out() const { return whole_->n_out(); }

  // Whether so many samples with so many entries are too little work for two threads.
  bool is_small(i64 n, i64 n_entries) const { return cycles(n, n_entries) < 2 * kCyclesPerThread; }

  // Of such a call, as the cost model has it.
  double cycles(i64 n, i64 n_entries) const {
    return first_cycles(n, n_entries) + (rest_ == nullptr ? 0 : rest_->cycles(n));
  }

  // For each feature whether some weight reads it, or null if all are.
  const u8* read() const { return read_.empty() ? nullptr : read_.data(); }

  // y (n, n_out) = the network's output for the n rows of x, which has n_in columns and entries of those alone that are
  // read. May be called from several threads at once. The result does not depend on `threads`. Throws std::bad_alloc.
  void run(const CsrMatrix<T>& x, T* y, int threads) const;

 private:
  i64 n_between() const { return first_.bias.size(); }
  double first_cycles(i64 n, i64 n_entries) const {
    return static_cast<double>(n) * costs_.sample + static_cast<double>(n_entries) * costs_.entry;
  }
  void run_dense(const CsrMatrix<T>& x, T* y, int threads) const;
  void run_first(const CsrMatrix<T>& x, Range rows, T* y, int threads) const;

  const Kernels<T>& kernels_;
  SparseRowsLayer<T> first_;
  std::shared_ptr<const Executor<T>> whole_, rest_;
  SparseCosts costs_;
  List<u8> read_;
  mutable WorkspacePool pool_;
};

}  // namespace prunus
