// Row-major batches into feature-major panels and back: once on the way into an engine, once on the way out.
//
// Squares of a quad of features and kLanes samples are turned in registers. One vector of samples goes through all
// features before the next: rows of 1024 floats lie in the same few sets of L1, which holds eight of them but not more.
// Rows that there are not repeat the last one, so that the last vector is turned like the others (4 samples of
// 784-300-100-10 at 90 %, AVX-512: 14.8 us; 16.8 with its elements taken one by one).
#pragma once

#include "simd/quads.h"

namespace prunus::PRUNUS_TARGET {

// panel[c, s] = rows[s, c] for s < n_rows, and rows[n_rows - 1, c] for n_rows <= s < width, c in [begin, end). rows: at
// least one, n_cols apart; panel: (end, width), aligned. width is a multiple of the lanes. O((end - begin) * width).
template <class T>
void rows_to_panel(const T* PRUNUS_RESTRICT rows, i64 n_rows, i64 n_cols, i64 begin, i64 end, i64 width,
                   T* PRUNUS_RESTRICT panel) noexcept {
  for (i64 s = 0; s < width; s += kLanes<T>) {
    const auto turn = [&](i64 c, auto&& load_rows) {
      Vector<T> v[kQuad<T>];
      for (i64 i = 0; i < kQuad<T>; ++i) v[i] = load_rows(i);
      transpose_quads(v);
      for (i64 i = 0; i < kQuad<T>; ++i) store(panel + (c + i) * width + s, v[i]);
    };
    i64 c = begin;
    if (s + kLanes<T> <= n_rows) {
      for (; c + kQuad<T> <= end; c += kQuad<T>) {
        turn(c, [&](i64 i) { return gather_quads(rows + (s + i) * n_cols + c, kQuad<T> * n_cols); });
      }
    }
    const T* row[kLanes<T>];
    for (i64 l = 0; l < kLanes<T>; ++l) row[l] = rows + (s + l < n_rows ? s + l : n_rows - 1) * n_cols;
    for (; c + kQuad<T> <= end; c += kQuad<T>) {
      turn(c, [&](i64 i) { return join_quads<T>([&](i64 q) { return load_one_quad(row[q * kQuad<T> + i] + c); }); });
    }
    for (; c < end; ++c) {
      for (i64 l = 0; l < kLanes<T>; ++l) panel[c * width + s + l] = row[l][c];
    }
  }
}

// rows[s, c] = panel[c, s] for s < n_rows, c in [begin, end). Shapes as above.
template <class T>
void panel_to_rows(const T* PRUNUS_RESTRICT panel, i64 n_rows, i64 n_cols, i64 begin, i64 end, i64 width,
                   T* PRUNUS_RESTRICT rows) noexcept {
  for (i64 s = 0; s < n_rows; s += kLanes<T>) {
    const auto turn = [&](i64 c, auto&& store_rows) {
      Vector<T> v[kQuad<T>];
      for (i64 i = 0; i < kQuad<T>; ++i) v[i] = load(panel + (c + i) * width + s);
      transpose_quads(v);
      for (i64 i = 0; i < kQuad<T>; ++i) store_rows(i, v[i]);
    };
    i64 c = begin;
    if (s + kLanes<T> <= n_rows) {
      for (; c + kQuad<T> <= end; c += kQuad<T>) {
        turn(c, [&](i64 i, Vector<T> v) { scatter_quads(rows + (s + i) * n_cols + c, kQuad<T> * n_cols, v); });
      }
    }
    const i64 n = n_rows - s < kLanes<T> ? n_rows - s : kLanes<T>;
    for (; c + kQuad<T> <= end; c += kQuad<T>) {
      turn(c, [&](i64 i, const Vector<T>& v) {
        for (i64 l = i; l < n; l += kQuad<T>) store_one_quad(rows + (s + l) * n_cols + c, v, l / kQuad<T>);
      });
    }
    for (; c < end; ++c) {
      for (i64 l = 0; l < n; ++l) rows[(s + l) * n_cols + c] = panel[c * width + s + l];
    }
  }
}

}  // namespace prunus::PRUNUS_TARGET
