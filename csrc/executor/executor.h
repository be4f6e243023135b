// The plan of an engine, walked over tiles of the batch: a tile goes through all layers while it is in cache.
#pragma once

#include <memory>
#include <vector>

#include "pack/csr.h"

namespace prunus {

template <class T>
struct PackedLayer {
  std::shared_ptr<const CsrMatrix<T>> weight;
  std::vector<T> bias;  // n_rows of the weight
  Activation activation = Activation::identity;
  T negative_slope = T(0);
};

template <class T>
class Executor {
 public:
  // Throws std::invalid_argument if there is no layer, or one that does not fit the layer before it or its own bias.
  explicit Executor(std::vector<PackedLayer<T>> layers);

  i64 n_in() const { return layers_.front().weight->n_cols; }
  i64 n_out() const { return layers_.back().weight->n_rows; }

  // y (n, n_out) = the network's output for x (n, n_in), both row-major, not overlapping. May be called from several
  // threads at once. The result does not depend on `threads`. Throws std::bad_alloc, before anything is written.
  void run(const T* x, i64 n, T* y, int threads) const;

 private:
  void run_one(const T* x, T* y) const;
  void run_tile(const T* x, i64 n, T* y, i64 width, T* panels) const;

  std::vector<PackedLayer<T>> layers_;
  i64 widest_ = 0;     // features of the widest panel
  i64 n_entries_ = 0;  // of all layers
};

}  // namespace prunus
