// Packed matrices as operands: of samples as they come, of panels, of both.
//
// A format is a file in formats/, with a struct that tells its name, how a matrix of weights is packed (or one of the
// numbers of their entries, where the weights are stored as they are), and what runs it; and a word in operand.cpp.
#pragma once

#include <memory>
#include <utility>

#include "executor/operand.h"

namespace prunus {

template <class T>
using OperandPointer = std::shared_ptr<Operand<T>>;

template <class T, class Matrix>
using RowKernelOf = RowKernel<decltype(std::declval<const Matrix&>().view()), T>;
template <class T, class Matrix>
using PanelKernelOf = PanelKernel<decltype(std::declval<const Matrix&>().view()), T>;

// What all have in common: a packed matrix whose values are weights of T.
template <class T, class Matrix>
class Packed : public virtual Operand<T> {
 public:
  explicit Packed(Matrix matrix) : Operand<T>(matrix.n_rows, matrix.n_cols), matrix_(std::move(matrix)) {}
  i64 n_stored() const override { return matrix_.n_stored(); }
  i64 bytes() const override { return matrix_.bytes(); }
  T* values() override { return matrix_.value.data(); }

 protected:
  Matrix matrix_;
};

template <class T, class Matrix>
class Rowwise final : public Packed<T, Matrix>, public RowOperand<T> {
 public:
  // step: activations are read in so many.
  Rowwise(Matrix m, RowKernelOf<T, Matrix>* kernel, i64 step)
      : Operand<T>(m.n_rows, m.n_cols),
        Packed<T, Matrix>(std::move(m)),
        kernel_(kernel),
        readable_columns_(round_up(this->n_cols(), step)) {}

  i64 readable_columns() const override { return readable_columns_; }
  void multiply_rows(i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) const override {
    kernel_(this->matrix_.view(), part, x, epilogue, y);
  }

 private:
  RowKernelOf<T, Matrix>* kernel_;
  i64 readable_columns_;
};

template <class T, class Matrix>
class Panelwise : public Packed<T, Matrix>, public PanelOperand<T> {
 public:
  Panelwise(Matrix m, PanelKernelOf<T, Matrix>* kernel)
      : Operand<T>(m.n_rows, m.n_cols), Packed<T, Matrix>(std::move(m)), kernel_(kernel) {}

  i64 column_step() const override { return this->matrix_.tile_columns; }
  void multiply_panel(i64 part, Range columns, const void* x, i64 width, const Epilogue<T>& epilogue, void* sums,
                      T* y) const override {
    kernel_(this->matrix_.view(), part, columns, static_cast<const T*>(x), width, epilogue, static_cast<T*>(sums), y);
  }

 private:
  PanelKernelOf<T, Matrix>* kernel_;
};

template <class T, class Matrix>
class Bothwise final : public Panelwise<T, Matrix>, public RowOperand<T> {
 public:
  Bothwise(Matrix m, RowKernelOf<T, Matrix>* rows, PanelKernelOf<T, Matrix>* panels)
      : Operand<T>(m.n_rows, m.n_cols), Panelwise<T, Matrix>(std::move(m), panels), kernel_(rows) {}

  void multiply_rows(i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) const override {
    kernel_(this->matrix_.view(), part, x, epilogue, y);
  }

 private:
  RowKernelOf<T, Matrix>* kernel_;
};

}  // namespace prunus
