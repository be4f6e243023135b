// Row-major batches into feature-major panels and back: once on the way into an engine, once on the way out.
#pragma once

#include "base.h"

namespace prunus::PRUNUS_TARGET {

// A cache line of a row at a time, so that each line of the row-major side is read or written whole.
template <class T>
constexpr i64 kRun = kCacheLine / static_cast<i64>(sizeof(T));

// panel[c, s] = rows[s, c] for s < n_rows, and 0 for n_rows <= s < width. rows: (n_rows, n_cols) row-major; panel:
// (n_cols, width). O(n_cols * width).
template <class T>
void rows_to_panel(const T* PRUNUS_RESTRICT rows, i64 n_rows, i64 n_cols, i64 width,
                   T* PRUNUS_RESTRICT panel) noexcept {
  for (i64 start = 0; start < n_cols; start += kRun<T>) {
    const i64 stop = start + kRun<T> < n_cols ? start + kRun<T> : n_cols;
    for (i64 s = 0; s < n_rows; ++s) {
      for (i64 c = start; c < stop; ++c) panel[c * width + s] = rows[s * n_cols + c];
    }
    for (i64 c = start; c < stop; ++c) {
      for (i64 s = n_rows; s < width; ++s) panel[c * width + s] = T(0);
    }
  }
}

// rows[s, c] = panel[c, s] for s < n_rows. Shapes as above.
template <class T>
void panel_to_rows(const T* PRUNUS_RESTRICT panel, i64 n_rows, i64 n_cols, i64 width,
                   T* PRUNUS_RESTRICT rows) noexcept {
  for (i64 start = 0; start < n_cols; start += kRun<T>) {
    const i64 stop = start + kRun<T> < n_cols ? start + kRun<T> : n_cols;
    for (i64 s = 0; s < n_rows; ++s) {
      for (i64 c = start; c < stop; ++c) rows[s * n_cols + c] = panel[c * width + s];
    }
  }
}

}  // namespace prunus::PRUNUS_TARGET
