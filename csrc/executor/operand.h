// A packed weight with the kernels that run it: what an executor multiplies with.
#pragma once

#include <memory>
#include <string>

#include "dispatch/table.h"
#include "list.h"
#include "pack/csr.h"

namespace prunus {

// T is what a layer takes and puts out as samples come and go. What is stored for a weight, how a panel lies and what
// is summed in between is the format's own.
template <class T>
class Operand {
 public:
  Operand(i64 n_rows, i64 n_cols) : n_rows_(n_rows), n_cols_(n_cols) {}
  virtual ~Operand() = default;
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;

  // Asked for every few samples: not worth a virtual call.
  i64 n_rows() const { return n_rows_; }
  i64 n_cols() const { return n_cols_; }
  i64 n_parts() const { return prunus::n_parts(n_rows_); }

  virtual i64 n_stored() const = 0;  // values, padding included
  virtual i64 bytes() const = 0;

  // Its values, to be changed where places.h says that entries lie, while no call runs; null where what is stored is
  // not the weights themselves.
  virtual T* values() = 0;

 private:
  i64 n_rows_, n_cols_;
};

// One that multiplies samples as they come, row-major.
template <class T>
class RowOperand : public virtual Operand<T> {
 public:
  // Of a sample, how many activations must be readable, those past n_cols with any finite value.
  virtual i64 readable_columns() const { return this->n_cols(); }

  // The rows of one part for all samples of x.
  virtual void multiply_rows(i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) const = 0;
};

// One that multiplies panels.
template <class T>
class PanelOperand : public virtual Operand<T> {
 public:
  // Columns that cannot be parted, 1 at least: multiply_panel takes whole steps.
  virtual i64 column_step() const = 0;

  // Bytes of the first n_cols columns of the panel that it takes: whole steps of them, or all.
  virtual i64 panel_bytes(i64 n_cols, i64 width) const { return n_cols * width * static_cast<i64>(sizeof(T)); }

  // Whether that is the plain one: feature after feature, each with `width` numbers of T. Then it takes what lies
  // there; else `take` puts it where it belongs.
  virtual bool takes_plain() const { return true; }

  // The features given, of which `plain` has the first one's numbers at its beginning, into their places in the panel.
  virtual void take(const T* plain, Range features, i64 width, void* panel) const {
    (void)plain, (void)features, (void)width, (void)panel;
  }

  // Bytes of a row's sums, a multiple of a vector's.
  virtual i64 sums_bytes(i64 width) const { return width * static_cast<i64>(sizeof(T)); }

  // The rows of one part; width is 1, 2 or 4 vectors. y: plain panel (n_rows, width). x: panel of the columns. All
  // columns at once, or some after the other, in order: what there is in between is in `sums`, a row of sums_bytes for
  // each row.
  virtual void multiply_panel(i64 part, Range columns, const void* x, i64 width, const Epilogue<T>& epilogue,
                              void* sums, T* y) const = 0;
};

// How a matrix is to be packed. tile_columns: of sell.
template <class T>
struct Packing {
  const Kernels<T>& kernels;
  i64 tile_columns;
  int threads;
};

// The matrix in the format of that name. Which kinds of samples it multiplies depends on the format: "sell" and
// "blocks" both, "dense panels" panels, "dense rows", "csr", "bitmap" and "lookup" samples as they come. Throws
// std::invalid_argument for another name, and where the target has no such kernel.
template <class T>
std::shared_ptr<Operand<T>> make_operand(const std::string& format, const CsrMatrix<T>& w, const Packing<T>& packing);

// Where each entry of w lies among the values of what make_operand makes of it; of w transposed: where it lies in what
// make_operand makes of transposed(w). Throws as make_operand and numbered do.
template <class T>
List<i64> places_of_entries(const std::string& format, const CsrMatrix<T>& w, const Packing<T>& packing,
                            bool is_transposed = false);

}  // namespace prunus
