// A layer as it runs: its weight packed for each regime, and what follows the product.
#pragma once

#include <memory>

#include "executor/operand.h"

namespace prunus {

template <class T>
struct PackedLayer {
  std::shared_ptr<const RowOperand<T>> one;       // for a sample alone
  std::shared_ptr<const RowOperand<T>> few;       // for some, as they come, row-major
  std::shared_ptr<const PanelOperand<T>> narrow;  // for more, turned into a panel of one or two vectors
  std::shared_ptr<const PanelOperand<T>> wide;    // for many, in wider panels
  List<T> bias;                                   // n_rows of the weight
  Activation activation = Activation::identity;
  T negative_slope = T(0);

  i64 n_rows() const { return one->n_rows(); }
  i64 n_cols() const { return one->n_cols(); }
  const PanelOperand<T>& panel(bool is_narrow) const { return is_narrow ? *narrow : *wide; }
  Epilogue<T> epilogue() const { return {bias.data(), activation, negative_slope}; }
};

template <class T>
using PackedLayers = List<PackedLayer<T>>;

}  // namespace prunus
