// All weights, row by row: of samples.
#pragma once

#include "executor/packed.h"
#include "pack/dense.h"

namespace prunus {

template <class T>
struct DenseRowFormat {
  static constexpr const char* kName = "dense rows";
  template <class V>
  static DenseMatrix<V> pack(const CsrMatrix<V>& w, const Packing<T>& how) {
    return pack_rows(w, how.threads);
  }
  static OperandPointer<T> make(DenseMatrix<T> m, const Kernels<T>& kernels) {
    return std::make_shared<Rowwise<T, DenseMatrix<T>>>(std::move(m), kernels.spmv_dense, 1);
  }
};

}  // namespace prunus
