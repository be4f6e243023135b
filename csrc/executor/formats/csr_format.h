// Compressed sparse rows: of samples.
#pragma once

#include "executor/packed.h"
#include "pack/csr.h"

namespace prunus {

template <class T>
struct CsrFormat {
  static constexpr const char* kName = "csr";
  template <class V>
  static CsrMatrix<V> pack(const CsrMatrix<V>& w, const Packing<T>&) {
    return w;
  }
  static OperandPointer<T> make(CsrMatrix<T> m, const Kernels<T>& kernels) {
    return std::make_shared<Rowwise<T, CsrMatrix<T>>>(std::move(m), kernels.spmv_csr, 1);
  }
};

}  // namespace prunus
