// Row-major batches into feature-major panels and back: once on the way into an engine, once on the way out.
//
// Squares of a quad of features and kLanes samples are turned in registers. One vector of samples goes through all
// features before the next: rows of 1024 floats lie in the same few sets of L1, which holds eight of them but not more.
#pragma once

#include "simd/quads.h"

namespace prunus::PRUNUS_TARGET {

// panel[c, s] = rows[s, c] for s < n_rows, and 0 for n_rows <= s < width, c in [begin, end). rows: (n_rows, n_cols)
// row-major; panel: (n_cols, width), aligned. width is a multiple of the lanes. O((end - begin) * width).
template <class T>
void rows_to_panel(const T* PRUNUS_RESTRICT rows, i64 n_rows, i64 n_cols, i64 begin, i64 end, i64 width,
                   T* PRUNUS_RESTRICT panel) noexcept {
  for (i64 s = 0; s < width; s += kLanes<T>) {
    i64 c = begin;
    for (; s + kLanes<T> <= n_rows && c + kQuad<T> <= end; c += kQuad<T>) {
      Vector<T> v[kQuad<T>];
      for (i64 i = 0; i < kQuad<T>; ++i) v[i] = gather_quads(rows + (s + i) * n_cols + c, kQuad<T> * n_cols);
      transpose_quads(v);
      for (i64 i = 0; i < kQuad<T>; ++i) store(panel + (c + i) * width + s, v[i]);
    }
    for (; c < end; ++c) {
      for (i64 l = s; l < s + kLanes<T>; ++l) panel[c * width + l] = l < n_rows ? rows[l * n_cols + c] : T(0);
    }
  }
}

// rows[s, c] = panel[c, s] for s < n_rows, c in [begin, end). Shapes as above.
template <class T>
void panel_to_rows(const T* PRUNUS_RESTRICT panel, i64 n_rows, i64 n_cols, i64 begin, i64 end, i64 width,
                   T* PRUNUS_RESTRICT rows) noexcept {
  for (i64 s = 0; s < n_rows; s += kLanes<T>) {
    i64 c = begin;
    for (; s + kLanes<T> <= n_rows && c + kQuad<T> <= end; c += kQuad<T>) {
      Vector<T> v[kQuad<T>];
      for (i64 i = 0; i < kQuad<T>; ++i) v[i] = load(panel + (c + i) * width + s);
      transpose_quads(v);
      for (i64 i = 0; i < kQuad<T>; ++i) scatter_quads(rows + (s + i) * n_cols + c, kQuad<T> * n_cols, v[i]);
    }
    for (; c < end; ++c) {
      for (i64 l = s; l < s + kLanes<T> && l < n_rows; ++l) rows[l * n_cols + c] = panel[c * width + l];
    }
  }
}

}  // namespace prunus::PRUNUS_TARGET
