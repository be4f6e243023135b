// A panel of samples through all layers.
#pragma once

#include <algorithm>

#include "executor/layer.h"
#include "team.h"

namespace prunus {

// Where the samples are: row-major, or in columns.
template <class T>
struct Batch {
  const T* x;
  T* y;
  i64 n;
  bool columns;
};

// If the first layer's panel is larger than kWholeBytes, it is turned and multiplied slab by slab, so that what was
// turned is still in L2 when it is multiplied (Intel Xeon, 2 MB of L2, 128 samples of 10000-500: 554 us instead of 1046
// at 98 %, 1450 instead of 1960 at 90 %). Smaller ones go all at once: each slab loads and stores the outputs again
// (4096-4096: 5 % slower in slabs).
constexpr i64 kWholeBytes = 1024 * 1024;
constexpr i64 kSlabBytes = 256 * 1024;
constexpr i64 kMostSlabs = 4096;

// Columns of a slab, the last one aside: whole steps.
inline i64 slab_columns(i64 n_cols, i64 column_bytes, i64 step) {
  if (n_cols * column_bytes <= kWholeBytes) return std::max<i64>(n_cols, 1);
  const i64 least = std::max(kSlabBytes / column_bytes, (n_cols + kMostSlabs - 1) / kMostSlabs);
  return (least + step - 1) / step * step;
}

// For each slab of columns two stages: the input is turned into a panel, and multiplied by the first layer, part by
// part. Then a stage for each other layer, whose units are its parts; then the output is turned back. begin: the first
// sample. memory: two panels of the widest layer, which take turns.
template <class T>
class PanelTile final : public Stages {
 public:
  PanelTile(const PackedLayers<T>& layers, bool is_narrow, const Batch<T>& batch, i64 begin, i64 width, T* memory,
            i64 panel_size)
      : layers_(layers),
        is_narrow_(is_narrow),
        batch_(batch),
        begin_(begin),
        width_(width),
        memory_(memory),
        panel_size_(panel_size),
        slab_(slab_columns(n_in(), width * static_cast<i64>(sizeof(T)), weight(0).column_step())) {}

  int n_stages() const override { return 2 * n_slabs() + n_layers(); }

  i64 n_units(int stage) const override {
    const int layer = layer_at(stage);
    if (is_turning(stage)) return n_parts(size(slab(stage)));
    return layer == n_layers() ? n_parts(n_out()) : weight(layer).n_parts();
  }

  void do_unit(int stage, i64 unit, int) const override {
    const int layer = layer_at(stage);
    if (is_turning(stage)) return load(slab(stage), rows_of_part(size(slab(stage)), unit));
    if (layer == n_layers()) return store(rows_of_part(n_out(), unit), panel(layer));
    const Range columns = layer == 0 ? slab(stage) : Range{0, weight(layer).n_cols()};
    weight(layer).multiply_panel(unit, columns, panel(layer), width_, at(layer).epilogue(), panel(layer + 1));
  }

 private:
  T* panel(int layer) const { return memory_ + layer % 2 * panel_size_; }  // its input
  int n_layers() const { return static_cast<int>(layers_.size()); }
  int n_slabs() const { return static_cast<int>(std::max<i64>((n_in() + slab_ - 1) / slab_, 1)); }
  i64 n_in() const { return layers_.front().rows->n_cols(); }
  i64 n_out() const { return layers_.back().rows->n_rows(); }
  i64 n_samples() const { return std::min(width_, batch_.n - begin_); }

  const PackedLayer<T>& at(int layer) const { return layers_[static_cast<size_t>(layer)]; }
  const PanelOperand<T>& weight(int layer) const { return is_narrow_ ? *at(layer).narrow : *at(layer).wide; }

  // The layer of a stage, the number of layers in the last one.
  int layer_at(int stage) const { return std::max(stage - 2 * n_slabs() + 1, 0); }
  bool is_turning(int stage) const { return layer_at(stage) == 0 && stage % 2 == 0; }
  Range slab(int stage) const {
    const i64 begin = stage / 2 * slab_;
    return {begin, std::min(begin + slab_, n_in())};
  }
  static i64 size(Range columns) { return columns.end - columns.begin; }

  // Features of a slab, counted from its beginning.
  void load(Range columns, Range features) const {
    T* const to = panel(0);
    if (!batch_.columns) {
      return active_target().kernels<T>().rows_to_panel(batch_.x + begin_ * n_in() + columns.begin, n_samples(), n_in(),
                                                        features.begin, features.end, width_, to);
    }
    const T* const from = batch_.x + columns.begin * batch_.n + begin_;
    for (i64 c = features.begin; c < features.end; ++c) {
      std::copy_n(from + c * batch_.n, n_samples(), to + c * width_);
      std::fill(to + c * width_ + n_samples(), to + (c + 1) * width_, T(0));
    }
  }

  void store(Range features, const T* from) const {
    if (!batch_.columns) {
      return active_target().kernels<T>().panel_to_rows(from, n_samples(), n_out(), features.begin, features.end,
                                                        width_, batch_.y + begin_ * n_out());
    }
    for (i64 r = features.begin; r < features.end; ++r) {
      std::copy_n(from + r * width_, n_samples(), batch_.y + r * batch_.n + begin_);
    }
  }

  const PackedLayers<T>& layers_;
  bool is_narrow_;
  Batch<T> batch_;
  i64 begin_;
  i64 width_;
  T* memory_;
  i64 panel_size_;
  i64 slab_;  // columns of each but the last one
};

}  // namespace prunus
