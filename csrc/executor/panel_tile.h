// Some panels of samples through all layers.
#pragma once

#include <algorithm>

#include "executor/layer.h"
#include "executor/panels.h"
#include "team.h"

namespace prunus {

// Where the samples are: row-major, or in columns. read: which features are; null: all. The others may hold anything.
template <class T>
struct Batch {
  const T* x;
  T* y;
  i64 n;
  bool columns;
  const u8* read;
};

// If the first layer's panel is larger than kWholeBytes, it is turned and multiplied slab by slab, so that what was
// turned is still near when it is multiplied (Intel Xeon, 2 MB of L2, 128 samples of 10000-500: 554 us instead of 1046
// at 98 %, 1450 instead of 1960 at 90 %). Smaller ones go all at once: each slab loads and stores the outputs again
// (4096-4096: 5 % slower in slabs). A slab has whole tiles of the format, which may be wider.
constexpr i64 kWholeBytes = 1024 * 1024;
constexpr i64 kSlabBytes = 256 * 1024;
constexpr i64 kMostSlabs = 4096;

inline i64 whole_steps(i64 n, i64 step) { return (n + step - 1) / step * step; }

// Columns of a slab, the last one aside: whole steps.
inline i64 slab_columns(i64 n_cols, i64 column_bytes, i64 step) {
  if (n_cols * column_bytes <= kWholeBytes) return std::max<i64>(n_cols, 1);
  const i64 least = std::max(kSlabBytes / column_bytes, (n_cols + kMostSlabs - 1) / kMostSlabs);
  return whole_steps(least, step);
}

// Columns of a part that all panels of a tile meet before the next ones do; more if they cannot be parted. Their
// weights, 1 MB of dense float32, come from memory for the first panel alone. With fewer, sums are loaded and stored
// more often (512 and 256: 0 to 3 % slower at half density).
constexpr i64 kTogetherColumns = 1024;

// For each slab of columns two stages: the input is turned into panels, and they are multiplied by the first layer,
// part by part. Then a stage for each other layer, whose units are its parts. A part of the output is turned back when
// it is done, and the next one of the same thread takes its place: a panel of 20,000 outputs would not stay in L2.
// first: the panel of the batch that is this tile's first. memory: two for each panel, of the widest layer, which take
// turns. threads: that may share the tile.
template <class T>
class PanelTile final : public Stages {
 public:
  PanelTile(const PackedLayers<T>& layers, const Batch<T>& batch, const Panels& panels, i64 first, i64 n_panels,
            T* memory, i64 panel_size, int threads)
      : layers_(layers),
        batch_(batch),
        panels_(panels),
        first_(first),
        n_panels_(n_panels),
        memory_(memory),
        panel_size_(panel_size),
        slab_(slab_columns(n_in(), panels.widest() * static_cast<i64>(sizeof(T)), weight(0).column_step())),
        takes_turns_(n_slabs() == 1 && threads * kPartRows <= n_out()) {}

  int n_stages() const noexcept override { return 2 * n_slabs() + n_layers() - 1; }

  i64 n_units(int stage) const noexcept override {
    const int layer = layer_at(stage);
    return is_turning(stage) ? n_panels_ * n_parts(size(slab(stage))) : weight(layer).n_parts();
  }

  void do_unit(int stage, i64 unit, int rank) const override {
    const int layer = layer_at(stage);
    if (is_turning(stage)) return load(slab(stage), unit);
    const bool is_last = stage + 1 == n_stages();
    // Where part 0 would begin, so that this part begins at the thread's own place.
    const i64 shift = is_last && takes_turns_ ? (rank - unit) * kPartRows : 0;
    multiply(layer, unit, layer == 0 ? slab(stage) : Range{0, weight(layer).n_cols()}, shift);
    for (i64 panel = 0; is_last && panel < n_panels_; ++panel) store(panel, unit, shift);
  }

 private:
  // The input of a layer; panels of a tile count from 0.
  T* input(int layer, i64 panel) const { return memory_ + (layer % 2 * n_panels_ + panel) * panel_size_; }
  i64 width(i64 panel) const { return panels_.width(first_ + panel); }
  i64 n_samples(i64 panel) const { return panels_.n_samples(first_ + panel); }
  i64 begin(i64 panel) const { return panels_.begin(first_ + panel); }

  int n_layers() const { return static_cast<int>(layers_.size()); }
  int n_slabs() const { return static_cast<int>(std::max<i64>((n_in() + slab_ - 1) / slab_, 1)); }
  i64 n_in() const { return layers_.front().n_cols(); }
  i64 n_out() const { return layers_.back().n_rows(); }

  const PackedLayer<T>& at(int layer) const { return layers_[static_cast<size_t>(layer)]; }
  const PanelOperand<T>& weight(int layer) const { return panels_.is_narrow() ? *at(layer).narrow : *at(layer).wide; }

  // The layer of a stage.
  int layer_at(int stage) const { return std::max(stage - 2 * n_slabs() + 1, 0); }
  bool is_turning(int stage) const { return layer_at(stage) == 0 && stage % 2 == 0; }
  Range slab(int stage) const {
    const i64 begin = stage / 2 * slab_;
    return {begin, std::min(begin + slab_, n_in())};
  }
  static i64 size(Range columns) { return columns.end - columns.begin; }

  // Units: the parts of the first panel, those of the second, and so on.
  void load(Range columns, i64 unit) const {
    const i64 parts = n_parts(size(columns)), panel = unit / parts, n = n_samples(panel), wide = width(panel);
    const Range features = rows_of_part(size(columns), unit % parts);  // from the first of the slab on
    T* const to = input(0, panel);
    if (batch_.columns) {
      const T* const from = batch_.x + columns.begin * batch_.n + begin(panel);
      for (i64 c = features.begin; c < features.end; ++c) {
        std::copy_n(from + c * batch_.n, n, to + c * wide);
        std::fill(to + c * wide + n, to + (c + 1) * wide, T(0));
      }
    } else {
      active_target().kernels<T>().rows_to_panel(batch_.x + begin(panel) * n_in() + columns.begin, n, n_in(),
                                                 features.begin, features.end, wide, to);
    }
    if (batch_.read == nullptr) return;
    for (i64 c = features.begin; c < features.end; ++c) {
      if (batch_.read[columns.begin + c] == 0) std::fill(to + c * wide, to + (c + 1) * wide, T(0));
    }
  }

  void store(i64 panel, i64 part, i64 shift) const {
    const i64 n = n_samples(panel), wide = width(panel);
    const Range features = rows_of_part(n_out(), part);
    const T* const from = input(n_layers(), panel) + shift * wide;
    if (!batch_.columns) {
      return active_target().kernels<T>().panel_to_rows(from, n, n_out(), features.begin, features.end, wide,
                                                        batch_.y + begin(panel) * n_out());
    }
    for (i64 r = features.begin; r < features.end; ++r) {
      std::copy_n(from + r * wide, n, batch_.y + r * batch_.n + begin(panel));
    }
  }

  void multiply(int layer, i64 part, Range columns, i64 shift) const {
    const i64 tile = whole_steps(kTogetherColumns, weight(layer).column_step());
    i64 column = columns.begin;
    do {
      const Range some = {column, std::min(column + tile, columns.end)};
      for (i64 panel = 0; panel < n_panels_; ++panel) {
        const T* const x = input(layer, panel) + (column - columns.begin) * width(panel);
        weight(layer).multiply_panel(part, some, x, width(panel), at(layer).epilogue(),
                                     input(layer + 1, panel) + shift * width(panel));
      }
    } while ((column += tile) < columns.end);
  }

  const PackedLayers<T>& layers_;
  Batch<T> batch_;
  Panels panels_;
  i64 first_, n_panels_;
  T* memory_;
  i64 panel_size_;
  i64 slab_;  // columns of each but the last one
  bool takes_turns_;
};

}  // namespace prunus
