// Steps of an in-register look-up: of samples.
#pragma once

#include "executor/packed.h"
#include "pack/lookup.h"

namespace prunus {

template <class T>
struct LookupFormat {
  static constexpr const char* kName = "lookup";
  template <class V>
  static LookupMatrix<V> pack(const CsrMatrix<V>& w, const Packing<T>& how) {
    const Kernels<T>& kernels = how.kernels;
    return pack_lookup(w, {kernels.lookup_columns, kernels.lanes, kernels.lookup_place_bytes}, how.threads);
  }
  static OperandPointer<T> make(LookupMatrix<T> m, const Kernels<T>& kernels) {
    return std::make_shared<Rowwise<T, LookupMatrix<T>>>(std::move(m), kernels.spmv_lookup, kernels.lookup_columns);
  }
};

}  // namespace prunus
