// Column-tiled sliced ELLPACK: for zeros anywhere, of samples and panels.
#pragma once

#include "executor/packed.h"
#include "pack/sell.h"

namespace prunus {

template <class T>
struct SellFormat {
  static constexpr const char* kName = "sell";
  template <class V>
  static SellMatrix<V> pack(const CsrMatrix<V>& w, const Packing<T>& how) {
    return pack_sell(w, how.tile_columns, how.threads);
  }
  static OperandPointer<T> make(SellMatrix<T> m, const Kernels<T>& kernels) {
    return std::make_shared<Bothwise<T, SellMatrix<T>>>(std::move(m), kernels.spmv_sell, kernels.spmm_sell);
  }
};

}  // namespace prunus
