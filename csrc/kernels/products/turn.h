// Row-major batches into feature-major panels and back: once on the way into an engine, once on the way out.
//
// Squares of a quad of features and kLanes samples are turned in registers. One vector of samples goes through all
// features before the next: rows of 1024 floats lie in the same few sets of L1, which holds eight of them but not more.
// Rows that there are not repeat the last one, so that the last vector is turned like the others (4 samples of
// 784-300-100-10 at 90 %, AVX-512: 14.8 us; 16.8 with its elements taken one by one).
#pragma once

#include "formats.h"
#include "simd/quads.h"

namespace prunus::PRUNUS_TARGET {

// Rows that together are larger than this are not in a cache when they are written, and each is a stream too short for
// the processor to foresee: their lines are asked for so many bytes before. 64 samples of 20,000 outputs: 440 us, 920
// without (Intel Xeon).
constexpr i64 kFarBytes = 1 << 20;
constexpr i64 kAheadBytes = 512;

// panel[c, s] = x[s, c] for the samples that there are, one at least, and that of the last one for s up to width, c in
// the columns given. panel: (columns.end, width), aligned. width is a multiple of the lanes. O(columns * width).
template <class T>
void rows_to_panel(Samples<const T> x, Range columns, i64 width, T* PRUNUS_RESTRICT panel) noexcept {
  const T* PRUNUS_RESTRICT rows = x.data;
  const i64 n_rows = x.n, n_cols = x.stride, begin = columns.begin, end = columns.end;
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

// A square of a panel into as many rows. panel: its first feature; rows: the first row's first.
template <class T>
PRUNUS_INLINE void turn_back(const T* panel, i64 width, T* rows, i64 n_cols) {
  Vector<T> v[kQuad<T>];
  for (i64 i = 0; i < kQuad<T>; ++i) v[i] = load(panel + i * width);
  transpose_quads(v);
  for (i64 i = 0; i < kQuad<T>; ++i) scatter_quads(rows + i * n_cols, kQuad<T> * n_cols, v[i]);
}

// y[s, c] = panel[c, s] for the samples of y and c in the columns given, of as many as y is apart. Shapes as above.
template <class T>
void panel_to_rows(const T* PRUNUS_RESTRICT panel, Range columns, i64 width, Samples<T> y) noexcept {
  T* PRUNUS_RESTRICT rows = y.data;
  const i64 n_rows = y.n, n_cols = y.stride, begin = columns.begin, end = columns.end;
  constexpr i64 kLineValues = kCacheLine / static_cast<i64>(sizeof(T));
  const bool is_far = n_rows * n_cols * static_cast<i64>(sizeof(T)) > kFarBytes;
  for (i64 s = 0; s < n_rows; s += kLanes<T>) {
    i64 c = begin;
    if (s + kLanes<T> <= n_rows) {
      while (is_far && c + kLineValues <= end) {
        const i64 ahead = c + kAheadBytes / static_cast<i64>(sizeof(T)), next = ahead < n_cols ? ahead : n_cols - 1;
        for (i64 l = 0; l < kLanes<T>; ++l) prefetch_to_write(rows + (s + l) * n_cols + next);
        for (const i64 last = c + kLineValues; c < last; c += kQuad<T>) {
          turn_back(panel + c * width + s, width, rows + s * n_cols + c, n_cols);
        }
      }
      for (; c + kQuad<T> <= end; c += kQuad<T>) {
        turn_back(panel + c * width + s, width, rows + s * n_cols + c, n_cols);
      }
    }
    const i64 n = n_rows - s < kLanes<T> ? n_rows - s : kLanes<T>;
    for (; c + kQuad<T> <= end; c += kQuad<T>) {
      Vector<T> v[kQuad<T>];
      for (i64 i = 0; i < kQuad<T>; ++i) v[i] = load(panel + (c + i) * width + s);
      transpose_quads(v);
      for (i64 i = 0; i < kQuad<T>; ++i) {
        for (i64 l = i; l < n; l += kQuad<T>) store_one_quad(rows + (s + l) * n_cols + c, v[i], l / kQuad<T>);
      }
    }
    for (; c < end; ++c) {
      for (i64 l = 0; l < n; ++l) rows[(s + l) * n_cols + c] = panel[c * width + s + l];
    }
  }
}

}  // namespace prunus::PRUNUS_TARGET
