// A layer as it runs: its weight packed for each regime, and what follows the product.
#pragma once

#include <memory>
#include <vector>

#include "executor/operand.h"

namespace prunus {

template <class T>
struct PackedLayer {
  std::shared_ptr<const RowOperand<T>> rows;      // for samples as they come, row-major
  std::shared_ptr<const PanelOperand<T>> narrow;  // for more, turned into a panel of one or two vectors
  std::shared_ptr<const PanelOperand<T>> wide;    // for many, in wider panels
  std::vector<T> bias;                            // n_rows of the weight
  Activation activation = Activation::identity;
  T negative_slope = T(0);

  Epilogue<T> epilogue() const { return {bias.data(), activation, negative_slope}; }
};

template <class T>
using PackedLayers = std::vector<PackedLayer<T>>;

}  // namespace prunus
