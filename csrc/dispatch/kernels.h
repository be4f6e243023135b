// The table of one target for one type: the only file that sees both kernels and instruction sets. What includes it is
// compiled once per target, with PRUNUS_TARGET as the namespace.
#pragma once

#include "dispatch/table.h"
#include "kernels/peak.h"
#include "kernels/products/activation.h"
#include "kernels/products/sparse_samples.h"
#include "kernels/products/spmm_blocks.h"
#include "kernels/products/spmm_csr.h"
#include "kernels/products/spmm_dense.h"
#include "kernels/products/spmm_sell.h"
#include "kernels/products/spmv_bitmap.h"
#include "kernels/products/spmv_blocks.h"
#include "kernels/products/spmv_csr.h"
#include "kernels/products/spmv_dense.h"
#include "kernels/products/spmv_lookup.h"
#include "kernels/products/spmv_sell.h"
#include "kernels/products/turn.h"
#include "kernels/selection/best_of_groups.h"
#include "kernels/selection/bracket.h"
#include "kernels/selection/mask.h"
#include "kernels/selection/reduce.h"
#include "kernels/selection/score.h"
#include "kernels/solver/best_exchange.h"
#include "kernels/solver/column_products.h"
#include "kernels/solver/downdate.h"
#include "kernels/solver/sum_left_out.h"

namespace prunus::PRUNUS_TARGET {

template <class T>
constexpr Kernels<T> kKernels = {
    .lanes = kLanes<T>,
    .lookup_columns = Table<T>::kColumns,
    .lookup_place_bytes = Table<T>::kPlaceBytes,
    .has_expand = kHasExpand,
    .multiply_and_add = multiply_and_add<T>,
    .absolute = absolute<T>,
    .absolute_product = absolute_product<T>,
    .all_finite = all_finite<T>,
    .any_nan = any_nan<T>,
    .count_nonzero = count_nonzero<T>,
    .column_dot = column_dot<T>,
    .mask_at_least = mask_at_least<T>,
    .keep_first_equal = keep_first_equal<T>,
    .keep_best_of_groups = keep_best_of_groups<T>,
    .apply_mask = apply_mask<T>,
    .split_bracket = split_bracket<T>,
    .activate = activate<T>,
    .spmm_sell = spmm_sell<T>,
    .spmm_blocks = spmm_blocks<T, T, T>,
    .spmm_dense = spmm_dense<T, T, T>,
    .spmv_sell = spmv_sell<T>,
    .spmv_blocks = spmv_blocks<T>,
    .spmv_dense = spmv_dense<T>,
    .spmv_csr = spmv_csr<T>,
    .spmv_bitmap = spmv_bitmap<T>,
    .spmv_lookup = spmv_lookup<T>,
    .spmm_csr = spmm_csr<T>,
    .sparse_rows_dense = sparse_rows_dense<T>,
    .sparse_rows_sparse = sparse_rows_sparse<T>,
    .rows_to_panel = rows_to_panel<T>,
    .panel_to_rows = panel_to_rows<T>,
    .subtract_combination = subtract_combination<T>,
    .subtract_products = subtract_products<T>,
    .take_away = take_away<T>,
    .sum_left_out = sum_left_out<T>,
    .column_products = column_products<T>,
    .best_exchange = best_exchange<T>,
};

}  // namespace prunus::PRUNUS_TARGET
