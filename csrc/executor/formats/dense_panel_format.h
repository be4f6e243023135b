// All weights, in groups of four rows: of panels.
#pragma once

#include "executor/packed.h"
#include "executor/panels.h"
#include "pack/dense.h"

namespace prunus {

template <class T>
struct DensePanelFormat {
  static constexpr const char* kName = "dense panels";
  template <class V>
  static DenseGroupMatrix<V> pack(const CsrMatrix<V>& w, const Packing<T>& how) {
    return pack_groups(w, block_tile_columns(how.kernels), how.threads);
  }
  static OperandPointer<T> make(DenseGroupMatrix<T> m, const Kernels<T>& kernels) {
    return std::make_shared<Panelwise<T, DenseGroupMatrix<T>>>(std::move(m), kernels.spmm_dense);
  }
};

}  // namespace prunus
