// Blocks of four rows and one column: of samples and panels.
#pragma once

#include "executor/packed.h"
#include "executor/panels.h"
#include "pack/blocks.h"

namespace prunus {

template <class T>
struct BlockFormat {
  static constexpr const char* kName = "blocks";
  template <class V>
  static BlockMatrix<V> pack(const CsrMatrix<V>& w, const Packing<T>& how) {
    return pack_blocks(w, block_tile_columns(how.kernels), how.threads);
  }
  static OperandPointer<T> make(BlockMatrix<T> m, const Kernels<T>& kernels) {
    return std::make_shared<Bothwise<T, BlockMatrix<T>>>(std::move(m), kernels.spmv_blocks, kernels.spmm_blocks);
  }
};

}  // namespace prunus
