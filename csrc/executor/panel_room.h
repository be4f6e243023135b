// The memory of some panels on their way through all layers.
#pragma once

#include <algorithm>

#include "executor/layer.h"
#include "executor/panels.h"

namespace prunus {

// Where the inputs of the layers live if nobody asks for them afterwards: two places that take turns. Who does
// (training goes back through them) gives PanelTile others.
class InTurns {
 public:
  // bytes: of one input of any layer, of one panel.
  InTurns(char* memory, i64 bytes, i64 n_panels) : memory_(memory), bytes_(bytes), n_panels_(n_panels) {}
  char* input(int layer, i64 panel) const { return memory_ + (layer % 2 * n_panels_ + panel) * bytes_; }

 private:
  char* memory_;
  i64 bytes_, n_panels_;
};

// If the first layer's panel is larger than kWholeBytes, it is turned and multiplied slab by slab, so that what was
// turned is still near when it is multiplied (Intel Xeon, 2 MB of L2, 128 samples of 10000-500: 554 us instead of 1046
// at 98 %, 1450 instead of 1960 at 90 %). Smaller ones go all at once: each slab loads and stores the sums again
// (4096-4096: 5 % slower in slabs). A slab has whole tiles of the format, which may be wider.
constexpr i64 kWholeBytes = 1024 * 1024;
constexpr i64 kSlabBytes = 256 * 1024;
constexpr i64 kMostSlabs = 4096;

// Columns of a slab, the last one aside: whole steps.
template <class T>
i64 slab_columns(const PanelOperand<T>& first, i64 width) {
  const i64 n_cols = first.n_cols(), step = first.column_step();
  if (first.panel_bytes(n_cols, width) <= kWholeBytes) return std::max<i64>(n_cols, 1);
  const i64 steps = ceil_div(kSlabBytes, first.panel_bytes(step, width));
  return std::max(steps * step, round_up(ceil_div(n_cols, kMostSlabs), step));
}

// How much of it the layers need for each panel, in bytes.
struct PanelRoom {
  i64 slab;       // columns of the first layer that are turned at a time
  i64 input = 0;  // of any layer
  i64 slabs = 0;  // sums of the first layer, if they outlive a slab
  i64 part = 0;   // of each thread: a part's outputs, plain,
  i64 sums = 0;   // and its sums

  i64 of_threads(i64 threads) const { return slabs + threads * (part + sums); }
};

template <class T>
PanelRoom panel_room(const PackedLayers<T>& layers, bool is_narrow, i64 width) {
  const auto lines = [](i64 bytes) { return round_up(bytes, kCacheLine); };
  const PanelOperand<T>& first = layers.front().panel(is_narrow);
  PanelRoom room{slab_columns(first, width)};
  for (i64 l = 0; l < layers.size(); ++l) {
    const PanelOperand<T>& weight = layers[l].panel(is_narrow);
    const i64 n_cols = l == 0 ? std::min(room.slab, weight.n_cols()) : weight.n_cols();
    room.input = std::max(room.input, lines(weight.panel_bytes(n_cols, width)));
    room.sums = std::max(room.sums, lines(kPartRows * weight.sums_bytes(width)));
  }
  if (room.slab < first.n_cols()) room.slabs = lines(first.n_rows() * first.sums_bytes(width));
  room.part = lines(kPartRows * width * static_cast<i64>(sizeof(T)));
  return room;
}

}  // namespace prunus
