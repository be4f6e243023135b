// Groups of neighbouring scores, each with its own best: n:m sparsity.
#pragma once

#include "formats.h"

namespace prunus::PRUNUS_TARGET {

constexpr i64 kSideBySide = 64;  // groups: with 32 scores each, of 4 bytes, and as many ranks, 16 KB of L1

// In each of n_groups groups of m consecutive scores keeps the n highest, of equal ones the earlier. 1 <= m <=
// kLargestGroup. A score's rank is the number of those before it in order; it is counted by comparing every two of a
// group, for many groups side by side. O(m) for each score.
template <class T>
void keep_best_of_groups(const T* PRUNUS_RESTRICT score, i64 n_groups, i64 n, i64 m,
                         u8* PRUNUS_RESTRICT mask) noexcept {
  T s[kLargestGroup][kSideBySide];
  i32 rank[kLargestGroup][kSideBySide];
  for (i64 begin = 0; begin < n_groups; begin += kSideBySide) {
    const i64 count = n_groups - begin < kSideBySide ? n_groups - begin : kSideBySide;
    const T* PRUNUS_RESTRICT from = score + begin * m;
    u8* PRUNUS_RESTRICT to = mask + begin * m;
    for (i64 g = 0; g < count; ++g) {
      for (i64 i = 0; i < m; ++i) s[i][g] = from[g * m + i];
    }
    for (i64 j = 0; j < m; ++j) {
      for (i64 g = 0; g < count; ++g) rank[j][g] = 0;
      for (i64 i = 0; i < j; ++i) {
        for (i64 g = 0; g < count; ++g) {
          const i32 first = s[i][g] >= s[j][g];
          rank[j][g] += first;
          rank[i][g] += 1 - first;
        }
      }
    }
    for (i64 g = 0; g < count; ++g) {
      for (i64 i = 0; i < m; ++i) to[g * m + i] = rank[i][g] < n;
    }
  }
}

}  // namespace prunus::PRUNUS_TARGET
