// How a batch is cut into panels.
#pragma once

#include <algorithm>

#include "dispatch/table.h"

namespace prunus {

// Vectors in the widest panel. Two rows of four vectors keep eight sums in flight.
constexpr i64 kPanelVectors = 4;

// Vectors up to which a batch is narrow. A feature's loads serve so few samples that dense rows, four at a time, soon
// do with fewer of them than entries: at two vectors from a density of 0.6 on, at four from 0.8.
constexpr i64 kNarrowVectors = 2;

// Panels as wide as they may be, but for the last one, which is the narrowest that holds the samples that are left.
class Panels {
 public:
  // n_call: how many samples the call has, of which these may be some. It decides how they are computed, so that all of
  // a call are computed alike.
  Panels(i64 n_samples, i64 n_call, i64 lanes)
      : n_(n_samples), n_call_(n_call), lanes_(lanes), widest_(narrowest(n_call)) {}

  bool is_narrow() const { return n_call_ <= kNarrowVectors * lanes_; }

  i64 count() const { return ceil_div(n_, widest_); }
  i64 widest() const { return widest_; }
  i64 begin(i64 panel) const { return panel * widest_; }
  i64 n_samples(i64 panel) const { return std::min(n_ - begin(panel), widest_); }

  // Kernels for one vector may sum in another order, so the last panel of a large batch has two at least.
  i64 width(i64 panel) const {
    const i64 least = n_call_ > kPanelVectors * lanes_ ? 2 * lanes_ : 1;
    return narrowest(std::max(n_samples(panel), least));
  }

 private:
  // The narrowest that holds so many samples, or the widest there is.
  i64 narrowest(i64 n_samples) const {
    i64 width = lanes_;
    while (width < n_samples && width < kPanelVectors * lanes_) width *= 2;
    return width;
  }

  i64 n_, n_call_, lanes_, widest_;
};

// Columns of a tile of blocks, with zeros or without: so much of the widest panel stays in L2 beside the weights that
// pass through it.
template <class T>
i64 block_tile_columns(const Kernels<T>& kernels) {
  constexpr i64 kTileBytes = 128 * 1024;
  return kTileBytes / (kPanelVectors * kernels.lanes * static_cast<i64>(sizeof(T)));
}

}  // namespace prunus
