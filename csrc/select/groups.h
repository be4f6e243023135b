// Scores that are decided together: the best of every few neighbours, and blocks.
#pragma once

#include "dispatch/table.h"

namespace prunus {

// In every group of m neighbours of a row (the last may be shorter) keeps the n highest, of equal ones the earlier.
// 0 <= n, 1 <= m. O(m) for each score up to kLargestGroup, O(1) beyond. Throws std::invalid_argument if a score is NaN.
template <class T>
void mask_best_of_groups(const Kernels<T>& kernels, const T* score, i64 n_rows, i64 n_cols, i64 n, i64 m, u8* mask,
                         int threads);

// out[i, j]: sum of the scores of a block, in double, rounded once: down its columns first, then along. O(1) for each
// score.
template <class T>
void block_sums(const T* score, i64 n_rows, i64 n_cols, BlockShape block, T* out, int threads);

// mask[r, c] = kept[the block that (r, c) lies in].
void spread_blocks(const u8* kept, i64 n_rows, i64 n_cols, BlockShape block, u8* mask, int threads);

}  // namespace prunus
