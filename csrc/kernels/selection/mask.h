// Scores to masks, and masks onto weights. A mask byte is 1 where the weight is kept.
#pragma once

#include "base.h"

namespace prunus::PRUNUS_TARGET {

// mask[i] = score[i] >= threshold. O(n).
template <class T>
void mask_at_least(const T* PRUNUS_RESTRICT score, i64 n, T threshold, u8* PRUNUS_RESTRICT mask) noexcept {
  for (i64 i = 0; i < n; ++i) mask[i] = score[i] >= threshold;
}

// Sets mask[i] for the first n_keep of the scores equal to the threshold, leaves the rest of the mask, and returns how
// many of the n_keep are still to be found. O(n).
template <class T>
i64 keep_first_equal(const T* PRUNUS_RESTRICT score, i64 n, T threshold, i64 n_keep,
                     u8* PRUNUS_RESTRICT mask) noexcept {
  for (i64 i = 0; i < n && n_keep > 0; ++i) {
    if (score[i] != threshold) continue;
    mask[i] = 1;
    --n_keep;
  }
  return n_keep;
}

// out[i] = mask[i] ? w[i] : +0. O(n). A removed weight is +0 whatever its sign was, so that it costs no bit in a file.
template <class T>
void apply_mask(const T* PRUNUS_RESTRICT w, const u8* PRUNUS_RESTRICT mask, i64 n, T* PRUNUS_RESTRICT out) noexcept {
  for (i64 i = 0; i < n; ++i) out[i] = mask[i] ? w[i] : T(0);
}

}  // namespace prunus::PRUNUS_TARGET
