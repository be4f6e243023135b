// A bit for each weight: of samples.
#pragma once

#include <stdexcept>

#include "executor/packed.h"
#include "pack/bitmap.h"

namespace prunus {

template <class T>
struct BitmapFormat {
  static constexpr const char* kName = "bitmap";
  template <class V>
  static BitmapMatrix<V> pack(const CsrMatrix<V>& w, const Packing<T>& how) {
    if (!how.kernels.has_expand) throw std::invalid_argument("format: this target has no bitmap");
    return pack_bitmap(w, how.threads);
  }
  static OperandPointer<T> make(BitmapMatrix<T> m, const Kernels<T>& kernels) {
    return std::make_shared<Rowwise<T, BitmapMatrix<T>>>(std::move(m), kernels.spmv_bitmap, kernels.lanes);
  }
};

}  // namespace prunus
