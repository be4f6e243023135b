// Sparse matrix times one sample by in-register look-up: the activations of a tile of columns sit in registers, and a
// shuffle fetches one for each of a group's rows. No gather from memory, no reduction.
#pragma once

#include "kernels/products/activation.h"
#include "simd/registers.h"

namespace prunus::PRUNUS_TARGET {

// Tiles that all have kSteps steps, or n_steps where kSteps is 0. A tile's products are summed on their own, then
// added: so the sums of neighbouring tiles overlap.
template <int kSteps, class T>
PRUNUS_INLINE void add_tiles(const Lookup<T>& w, i64 tile, i64 n_tiles, i64 n_steps, const T* PRUNUS_RESTRICT x,
                             const T*& value, const u8*& place, Vector<T>& total) {
  const i64 steps = kSteps > 0 ? kSteps : n_steps;
  for (i64 t = tile; t < tile + n_tiles; ++t) {
    for (i64 s = 0; s < steps; s += kCacheLine / PRUNUS_VECTOR_BYTES) prefetch_ahead(value + s * kLanes<T>);
    prefetch_ahead(place);
    const Table<T> table(x + w.tile_column[t]);
    Vector<T> sum = load_unaligned(value) * table.look_up(place);
    for (i64 s = 1; s < steps; ++s) {
      sum += load_unaligned(value + s * kLanes<T>) * table.look_up(place + s * Table<T>::kPlaceBytes);
    }
    total += sum;
    value += steps * kLanes<T>;
    place += steps * Table<T>::kPlaceBytes;
  }
}

template <class T>
PRUNUS_INLINE void look_up_group(const Lookup<T>& w, i64 group, const T* PRUNUS_RESTRICT x, const Epilogue<T>& epilogue,
                                 T* PRUNUS_RESTRICT y) {
  Vector<T> total = broadcast(T(0));
  i64 tile = w.group_tile[group];
  const T* value = w.value + w.group_step[group] * kLanes<T>;
  const u8* place = w.place + w.group_step[group] * Table<T>::kPlaceBytes;
  for (i64 r = w.group_run[group]; r < w.group_run[group + 1]; ++r) {
    const i64 n_tiles = w.run[r].n_tiles, n_steps = w.run[r].n_steps;
    const auto add = [&](auto steps) {
      add_tiles<decltype(steps)::kCount>(w, tile, n_tiles, n_steps, x, value, place, total);
    };
    switch (n_steps) {
      case 1:
        add(Count<1>{});
        break;
      case 2:
        add(Count<2>{});
        break;
      case 3:
        add(Count<3>{});
        break;
      case 4:
        add(Count<4>{});
        break;
      default:
        add(Count<0>{});
    }
    tile += n_tiles;
  }
  for (i64 l = 0; l < kLanes<T>; ++l) {
    const i64 row = w.row[group * kLanes<T> + l];
    if (row >= 0) y[row] = total[l] + epilogue.bias[row];
  }
}

// y[s, r] = activation(sum of w[r, c] * x[s, c] + bias[r]) for samples s, readable up to a multiple of
// Table<T>::kColumns, and the rows r of a part, not overlapping. O(steps) for each sample. Padding multiplies an
// activation of the tile by 0.
template <class T>
void spmv_lookup(const Lookup<T>& w, i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) noexcept {
  if constexpr (Table<T>::kColumns > 0) {
    const Range rows = rows_of_part(w.n_rows, part);
    const i64 first = part * (kPartRows / kLanes<T>);
    const i64 n_groups = ceil_div(rows.end - rows.begin, kLanes<T>);
    for (i64 s = 0; s < x.n; ++s) {
      const T* const in = x[s];
      T* const out = y[s];
      for (i64 g = first; g < first + n_groups; ++g) look_up_group(w, g, in, epilogue, out);
      finish(out + rows.begin, rows.end - rows.begin, epilogue);
    }
  }
}

}  // namespace prunus::PRUNUS_TARGET
