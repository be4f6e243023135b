// A packed weight with the kernels that run it: what an executor multiplies with.
#pragma once

#include <memory>

#include "dispatch/cpu.h"
#include "executor/panels.h"
#include "pack/bitmap.h"
#include "pack/blocks.h"
#include "pack/dense.h"
#include "pack/lookup.h"
#include "pack/sell.h"

namespace prunus {

template <class T>
class Operand {
 public:
  Operand(i64 n_rows, i64 n_cols, i64 n_stored) : n_rows_(n_rows), n_cols_(n_cols), n_stored_(n_stored) {}
  virtual ~Operand() = default;
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;

  i64 n_rows() const { return n_rows_; }
  i64 n_cols() const { return n_cols_; }
  i64 n_stored() const { return n_stored_; }  // values, padding included
  i64 n_parts() const { return prunus::n_parts(n_rows_); }

  virtual i64 bytes() const = 0;

 private:
  i64 n_rows_, n_cols_, n_stored_;
};

// One that multiplies samples as they come, row-major.
template <class T>
class RowOperand : public virtual Operand<T> {
 public:
  // Of a sample, how many activations must be readable, those past n_cols with any finite value.
  virtual i64 readable_columns() const { return this->n_cols(); }

  // The rows of one part for n samples: sample s at x + s * x_stride and y + s * y_stride.
  virtual void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                             i64 y_stride) const = 0;
};

// One that multiplies panels.
template <class T>
class PanelOperand : public virtual Operand<T> {
 public:
  // Columns that cannot be parted, 1 at least: multiply_panel takes whole steps.
  virtual i64 column_step() const = 0;

  // The rows of one part. y panel (n_rows, width) from x panel (columns, width); width is 1, 2 or 4 vectors. All
  // columns at once, or some after the other, in order.
  virtual void multiply_panel(i64 part, Range columns, const T* x, i64 width, const Epilogue<T>& epilogue,
                              T* y) const = 0;
};

// What they are depends on the format: sell and blocks with zeros multiply both samples and panels, blocks without
// zeros panels, the others samples.
template <class T>
std::shared_ptr<Operand<T>> make_operand(SellMatrix<T> matrix);
template <class T>
std::shared_ptr<Operand<T>> make_operand(BlockMatrix<T> matrix);
template <class T>
std::shared_ptr<Operand<T>> make_operand(DenseGroupMatrix<T> matrix);
template <class T>
std::shared_ptr<Operand<T>> make_operand(DenseMatrix<T> matrix);
template <class T>
std::shared_ptr<Operand<T>> make_operand(CsrMatrix<T> matrix);
template <class T>
std::shared_ptr<Operand<T>> make_operand(BitmapMatrix<T> matrix);
template <class T>
std::shared_ptr<Operand<T>> make_operand(LookupMatrix<T> matrix);

// How the target in use looks activations up.
template <class T>
LookupShape lookup_shape() {
  const Kernels<T>& kernels = active_target().kernels<T>();
  return {kernels.lookup_columns, kernels.lanes, kernels.lookup_place_bytes};
}

// Columns of a tile of blocks, with zeros or without: so much of the widest panel stays in L2 beside the weights that
// pass through it.
template <class T>
i64 block_tile_columns() {
  constexpr i64 kTileBytes = 128 * 1024;
  return kTileBytes / (kPanelVectors * active_target().kernels<T>().lanes * static_cast<i64>(sizeof(T)));
}

}  // namespace prunus
