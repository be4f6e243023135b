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

// First the input is turned into a panel; then a stage for each layer, whose units are its parts; then the output is
// turned back. begin: the first sample. memory: two panels of the widest layer, which take turns.
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
        panel_size_(panel_size) {}

  int n_stages() const override { return static_cast<int>(layers_.size()) + 2; }

  i64 n_units(int stage) const override {
    if (stage == 0) return n_parts(n_in());
    return stage + 1 == n_stages() ? n_parts(n_out()) : weight(stage).n_parts();
  }

  void do_unit(int stage, i64 unit, int) const override {
    if (stage == 0) return load(rows_of_part(n_in(), unit));
    const T* const in = panel(stage - 1);
    if (stage + 1 == n_stages()) return store(rows_of_part(n_out(), unit), in);
    weight(stage).multiply_panel(unit, in, width_, layers_[static_cast<size_t>(stage) - 1].epilogue(), panel(stage));
  }

 private:
  T* panel(int stage) const { return memory_ + stage % 2 * panel_size_; }
  i64 n_in() const { return layers_.front().rows->n_cols(); }
  i64 n_out() const { return layers_.back().rows->n_rows(); }
  i64 n_samples() const { return std::min(width_, batch_.n - begin_); }

  const PanelOperand<T>& weight(int stage) const {
    const PackedLayer<T>& layer = layers_[static_cast<size_t>(stage) - 1];
    return is_narrow_ ? *layer.narrow : *layer.wide;
  }

  void load(Range features) const {
    T* const to = panel(0);
    if (!batch_.columns) {
      return active_target().kernels<T>().rows_to_panel(batch_.x + begin_ * n_in(), n_samples(), n_in(), features.begin,
                                                        features.end, width_, to);
    }
    for (i64 c = features.begin; c < features.end; ++c) {
      std::copy_n(batch_.x + c * batch_.n + begin_, n_samples(), to + c * width_);
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
};

}  // namespace prunus
