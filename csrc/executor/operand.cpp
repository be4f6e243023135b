#include "executor/operand.h"

#include <stdexcept>

namespace prunus {
namespace {

// Kernels for one sample, called for each.
template <class T, class View>
void for_each_sample(void (*kernel)(const View&, i64, const T*, const Epilogue<T>&, T*) noexcept, const View& w,
                     i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y, i64 y_stride) {
  for (i64 s = 0; s < n; ++s) kernel(w, part, x + s * x_stride, epilogue, y + s * y_stride);
}

template <class T>
class SellOperand final : public RowOperand<T>, public PanelOperand<T> {
 public:
  explicit SellOperand(SellMatrix<T> m) : Operand<T>(m.n_rows, m.n_cols, m.n_stored), matrix_(std::move(m)) {}

  i64 bytes() const override { return matrix_.bytes(); }

  i64 column_step() const override { return matrix_.tile_columns; }

  void multiply_panel(i64 part, Range columns, const T* x, i64 width, const Epilogue<T>& epilogue,
                      T* y) const override {
    active_target().kernels<T>().spmm_sell(matrix_.view(), part, columns, x, width, epilogue, y);
  }

  void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                     i64 y_stride) const override {
    const auto kernel = active_target().kernels<T>().spmv_sell;
    for_each_sample<T>(kernel, matrix_.view(), part, x, x_stride, n, epilogue, y, y_stride);
  }

 private:
  SellMatrix<T> matrix_;
};

template <class T>
class BlockOperand final : public RowOperand<T>, public PanelOperand<T> {
 public:
  explicit BlockOperand(BlockMatrix<T> m) : Operand<T>(m.n_rows, m.n_cols, m.n_stored()), matrix_(std::move(m)) {}

  i64 bytes() const override { return matrix_.bytes(); }

  i64 column_step() const override { return matrix_.tile_columns; }

  void multiply_panel(i64 part, Range columns, const T* x, i64 width, const Epilogue<T>& epilogue,
                      T* y) const override {
    active_target().kernels<T>().spmm_blocks(matrix_.view(), part, columns, x, width, epilogue, y);
  }

  void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                     i64 y_stride) const override {
    const auto kernel = active_target().kernels<T>().spmv_blocks;
    for_each_sample<T>(kernel, matrix_.view(), part, x, x_stride, n, epilogue, y, y_stride);
  }

 private:
  BlockMatrix<T> matrix_;
};

template <class T>
class DensePanelOperand final : public PanelOperand<T> {
 public:
  explicit DensePanelOperand(DenseGroupMatrix<T> m)
      : Operand<T>(m.n_rows, m.n_cols, m.n_stored()), matrix_(std::move(m)) {}

  i64 bytes() const override { return matrix_.bytes(); }

  i64 column_step() const override { return matrix_.tile_columns; }

  void multiply_panel(i64 part, Range columns, const T* x, i64 width, const Epilogue<T>& epilogue,
                      T* y) const override {
    active_target().kernels<T>().spmm_dense(matrix_.view(), part, columns, x, width, epilogue, y);
  }

 private:
  DenseGroupMatrix<T> matrix_;
};

template <class T>
class DenseOperand final : public RowOperand<T> {
 public:
  explicit DenseOperand(DenseMatrix<T> m) : Operand<T>(m.n_rows, m.n_cols, m.n_stored()), matrix_(std::move(m)) {}

  i64 bytes() const override { return matrix_.bytes(); }

  void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                     i64 y_stride) const override {
    active_target().kernels<T>().spmv_dense(matrix_.view(), part, x, x_stride, n, epilogue, y, y_stride);
  }

 private:
  DenseMatrix<T> matrix_;
};

template <class T>
class CsrOperand final : public RowOperand<T> {
 public:
  explicit CsrOperand(CsrMatrix<T> m) : Operand<T>(m.n_rows, m.n_cols, m.n_entries()), matrix_(std::move(m)) {}

  i64 bytes() const override { return matrix_.bytes(); }

  void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                     i64 y_stride) const override {
    active_target().kernels<T>().spmv_csr(matrix_.view(), part, x, x_stride, n, epilogue, y, y_stride);
  }

 private:
  CsrMatrix<T> matrix_;
};

template <class T>
class BitmapOperand final : public RowOperand<T> {
 public:
  explicit BitmapOperand(BitmapMatrix<T> m) : Operand<T>(m.n_rows, m.n_cols, m.n_stored()), matrix_(std::move(m)) {
    if (!active_target().kernels<T>().has_expand) throw std::invalid_argument("kind: this target has no bitmap");
  }

  i64 bytes() const override { return matrix_.bytes(); }
  i64 readable_columns() const override {
    const i64 lanes = active_target().kernels<T>().lanes;
    return (matrix_.n_cols + lanes - 1) / lanes * lanes;
  }

  void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                     i64 y_stride) const override {
    active_target().kernels<T>().spmv_bitmap(matrix_.view(), part, x, x_stride, n, epilogue, y, y_stride);
  }

 private:
  BitmapMatrix<T> matrix_;
};

template <class T>
class LookupOperand final : public RowOperand<T> {
 public:
  explicit LookupOperand(LookupMatrix<T> m) : Operand<T>(m.n_rows, m.n_cols, m.n_stored()), matrix_(std::move(m)) {}

  i64 bytes() const override { return matrix_.bytes(); }
  i64 readable_columns() const override {
    const i64 columns = matrix_.shape.columns;
    return (matrix_.n_cols + columns - 1) / columns * columns;
  }

  void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                     i64 y_stride) const override {
    const auto kernel = active_target().kernels<T>().spmv_lookup;
    for_each_sample<T>(kernel, matrix_.view(), part, x, x_stride, n, epilogue, y, y_stride);
  }

 private:
  LookupMatrix<T> matrix_;
};

}  // namespace

template <class T>
std::shared_ptr<Operand<T>> make_operand(SellMatrix<T> matrix) {
  return std::make_shared<SellOperand<T>>(std::move(matrix));
}
template <class T>
std::shared_ptr<Operand<T>> make_operand(BlockMatrix<T> matrix) {
  return std::make_shared<BlockOperand<T>>(std::move(matrix));
}
template <class T>
std::shared_ptr<Operand<T>> make_operand(DenseGroupMatrix<T> matrix) {
  return std::make_shared<DensePanelOperand<T>>(std::move(matrix));
}
template <class T>
std::shared_ptr<Operand<T>> make_operand(DenseMatrix<T> matrix) {
  return std::make_shared<DenseOperand<T>>(std::move(matrix));
}
template <class T>
std::shared_ptr<Operand<T>> make_operand(CsrMatrix<T> matrix) {
  return std::make_shared<CsrOperand<T>>(std::move(matrix));
}
template <class T>
std::shared_ptr<Operand<T>> make_operand(BitmapMatrix<T> matrix) {
  return std::make_shared<BitmapOperand<T>>(std::move(matrix));
}
template <class T>
std::shared_ptr<Operand<T>> make_operand(LookupMatrix<T> matrix) {
  return std::make_shared<LookupOperand<T>>(std::move(matrix));
}

#define PRUNUS_OPERANDS(T)                                                \
  template std::shared_ptr<Operand<T>> make_operand(SellMatrix<T>);       \
  template std::shared_ptr<Operand<T>> make_operand(BlockMatrix<T>);      \
  template std::shared_ptr<Operand<T>> make_operand(DenseGroupMatrix<T>); \
  template std::shared_ptr<Operand<T>> make_operand(DenseMatrix<T>);      \
  template std::shared_ptr<Operand<T>> make_operand(CsrMatrix<T>);        \
  template std::shared_ptr<Operand<T>> make_operand(BitmapMatrix<T>);     \
  template std::shared_ptr<Operand<T>> make_operand(LookupMatrix<T>);
PRUNUS_OPERANDS(float)
PRUNUS_OPERANDS(double)
#undef PRUNUS_OPERANDS

}  // namespace prunus
