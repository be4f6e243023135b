#include "executor/operand.h"

#include <algorithm>

namespace prunus {
namespace {

template <class T>
class SellOperand final : public PanelOperand<T> {
 public:
  explicit SellOperand(SellMatrix<T> matrix)
      : PanelOperand<T>(matrix.n_rows, matrix.n_cols, stored_before(matrix)), matrix_(std::move(matrix)) {}

  i64 bytes() const override { return matrix_.bytes(); }

  void multiply_panel(i64 part, const T* x, i64 width, const Epilogue<T>& epilogue, T* y) const override {
    active_target().kernels<T>().spmm_sell(matrix_.view(), part, x, width, epilogue, y);
  }

  void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                     i64 y_stride) const override {
    for (i64 s = 0; s < n; ++s) {
      active_target().kernels<T>().spmv_sell(matrix_.view(), part, x + s * x_stride, epilogue, y + s * y_stride);
    }
  }

 private:
  static std::vector<i64> stored_before(const SellMatrix<T>& matrix) {
    std::vector<i64> before;
    for (size_t t = 0; t < matrix.tile.size(); t += static_cast<size_t>(matrix.n_tiles)) {
      before.push_back(matrix.tile[t].first_entry);
    }
    before.push_back(matrix.n_stored);
    return before;
  }

  SellMatrix<T> matrix_;
};

template <class T>
class BlockOperand final : public PanelOperand<T> {
 public:
  explicit BlockOperand(BlockMatrix<T> matrix)
      : PanelOperand<T>(matrix.n_rows, matrix.n_cols, stored_before(matrix)), matrix_(std::move(matrix)) {}

  i64 bytes() const override { return matrix_.bytes(); }

  void multiply_panel(i64 part, const T* x, i64 width, const Epilogue<T>& epilogue, T* y) const override {
    active_target().kernels<T>().spmm_blocks(matrix_.view(), part, x, width, epilogue, y);
  }

  void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                     i64 y_stride) const override {
    active_target().kernels<T>().spmv_blocks(matrix_.view(), part, x, x_stride, n, epilogue, y, y_stride);
  }

 private:
  static std::vector<i64> stored_before(const BlockMatrix<T>& matrix) {
    std::vector<i64> before;
    constexpr i64 kGroups = kPartRows / kBlockRows;
    for (size_t g = 0; g + 1 < matrix.group_start.size(); g += kGroups) {
      before.push_back(matrix.group_start[g] * kBlockRows);
    }
    before.push_back(matrix.n_stored());
    return before;
  }

  BlockMatrix<T> matrix_;
};

template <class T>
class LookupOperand final : public Operand<T> {
 public:
  explicit LookupOperand(LookupMatrix<T> matrix)
      : Operand<T>(matrix.n_rows, matrix.n_cols, stored_before(matrix)), matrix_(std::move(matrix)) {}

  i64 bytes() const override { return matrix_.bytes(); }
  i64 readable_columns() const override {
    const i64 columns = matrix_.shape.columns;
    return (matrix_.n_cols + columns - 1) / columns * columns;
  }

  void multiply_rows(i64 part, const T* x, i64 x_stride, i64 n, const Epilogue<T>& epilogue, T* y,
                     i64 y_stride) const override {
    for (i64 s = 0; s < n; ++s) {
      active_target().kernels<T>().spmv_lookup(matrix_.view(), part, x + s * x_stride, epilogue, y + s * y_stride);
    }
  }

 private:
  static std::vector<i64> stored_before(const LookupMatrix<T>& matrix) {
    std::vector<i64> before;
    const size_t groups = static_cast<size_t>(kPartRows / matrix.shape.lanes);
    for (size_t g = 0; g + 1 < matrix.group_step.size(); g += groups) {
      before.push_back(matrix.group_step[g] * matrix.shape.lanes);
    }
    before.push_back(matrix.n_stored());
    return before;
  }

  LookupMatrix<T> matrix_;
};

}  // namespace

template <class T>
i64 Operand<T>::first_part(int rank, int size) const {
  if (rank == size) return n_parts();
  const auto at = std::lower_bound(stored_before_.begin(), stored_before_.end() - 1, n_stored() * rank / size);
  // Parts without entries have rows all the same: the first ones belong to the first share.
  return rank == 0 ? 0 : at - stored_before_.begin();
}

template <class T>
std::shared_ptr<PanelOperand<T>> make_operand(SellMatrix<T> matrix) {
  return std::make_shared<SellOperand<T>>(std::move(matrix));
}
template <class T>
std::shared_ptr<PanelOperand<T>> make_operand(BlockMatrix<T> matrix) {
  return std::make_shared<BlockOperand<T>>(std::move(matrix));
}
template <class T>
std::shared_ptr<Operand<T>> make_operand(LookupMatrix<T> matrix) {
  return std::make_shared<LookupOperand<T>>(std::move(matrix));
}

template class Operand<float>;
template class Operand<double>;
template std::shared_ptr<PanelOperand<float>> make_operand(SellMatrix<float>);
template std::shared_ptr<PanelOperand<double>> make_operand(SellMatrix<double>);
template std::shared_ptr<PanelOperand<float>> make_operand(BlockMatrix<float>);
template std::shared_ptr<PanelOperand<double>> make_operand(BlockMatrix<double>);
template std::shared_ptr<Operand<float>> make_operand(LookupMatrix<float>);
template std::shared_ptr<Operand<double>> make_operand(LookupMatrix<double>);

}  // namespace prunus
