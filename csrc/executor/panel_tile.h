// Some panels of samples through all layers.
#pragma once

#include <algorithm>

#include "executor/panel_room.h"
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

// Columns of a part that all panels of a tile meet before the next ones do; more if they cannot be parted. Their
// weights, 1 MB of dense float32, come from memory for the first panel alone. With fewer, sums are loaded and stored
// more often (512 and 256: 0 to 3 % slower at half density).
constexpr i64 kTogetherColumns = 1024;

// For each slab of columns two stages: the input is turned into panels, and they are multiplied by the first layer,
// part by part. Then a stage for each other layer, whose units are its parts. A part of the output is turned back when
// it is done, and the next one of the same thread takes its place: a panel of 20,000 outputs would not stay in L2.
// first: the panel of the batch that is this tile's first. Places: what says where the inputs of the layers live, as
// InTurns does. memory: room.of_threads(ranks) for each panel.
template <class T, class Places>
class PanelTile final : public Stages {
 public:
  PanelTile(const Kernels<T>& kernels, const PackedLayers<T>& layers, const Batch<T>& batch, const Panels& panels,
            i64 first, i64 n_panels, const Places& places, const PanelRoom& room, char* memory)
      : kernels_(kernels),
        layers_(layers),
        batch_(batch),
        panels_(panels),
        first_(first),
        n_panels_(n_panels),
        places_(places),
        room_(room),
        memory_(memory) {}

  int n_stages() const noexcept override { return 2 * n_slabs() + n_layers() - 1; }

  i64 n_units(int stage) const noexcept override {
    const int layer = layer_at(stage);
    return is_turning(stage) ? n_panels_ * n_parts(size(slab(stage))) : weight(layer).n_parts();
  }

  void do_unit(int stage, i64 unit, int rank) const override {
    const int layer = layer_at(stage);
    if (is_turning(stage)) return load(slab(stage), unit, rank);
    const Range columns = layer == 0 ? slab(stage) : Range{0, weight(layer).n_cols()};
    multiply(layer, unit, columns, rank);
    if (columns.end < weight(layer).n_cols()) return;
    for (i64 panel = 0; panel < n_panels_; ++panel) {
      if (layer + 1 == n_layers()) {
        store(panel, unit, rank);
      } else if (!weight(layer + 1).takes_plain()) {
        weight(layer + 1).take(part(panel, rank), rows_of_part(weight(layer).n_rows(), unit), width(panel),
                               places_.input(layer + 1, panel));
      }
    }
  }

 private:
  // Panels of a tile count from 0.
  i64 width(i64 panel) const { return panels_.width(first_ + panel); }
  i64 n_samples(i64 panel) const { return panels_.n_samples(first_ + panel); }
  i64 begin(i64 panel) const { return panels_.begin(first_ + panel); }

  int n_layers() const { return static_cast<int>(layers_.size()); }
  int n_slabs() const { return static_cast<int>(std::max<i64>(ceil_div(n_in(), room_.slab), 1)); }
  i64 n_in() const { return layers_.front().n_cols(); }
  i64 n_out() const { return layers_.back().n_rows(); }

  const PanelOperand<T>& weight(int layer) const { return layers_[layer].panel(panels_.is_narrow()); }

  // The layer of a stage.
  int layer_at(int stage) const { return std::max(stage - 2 * n_slabs() + 1, 0); }
  bool is_turning(int stage) const { return layer_at(stage) == 0 && stage % 2 == 0; }
  Range slab(int stage) const {
    const i64 begin = stage / 2 * room_.slab;
    return {begin, std::min(begin + room_.slab, n_in())};
  }
  static i64 size(Range columns) { return columns.end - columns.begin; }

  // The thread's own, for a part: its outputs, and its sums where they are done with when the part is.
  char* of_rank(int rank) const { return memory_ + n_panels_ * (room_.slabs + rank * (room_.part + room_.sums)); }
  T* part(i64 panel, int rank) const { return reinterpret_cast<T*>(of_rank(rank) + panel * room_.part); }

  // Where the sums of row 0 would be, for those of the part to lie where they do.
  char* sums(int layer, i64 panel, i64 part, int rank) const {
    if (layer == 0 && n_slabs() > 1) return memory_ + panel * room_.slabs;
    return of_rank(rank) + n_panels_ * room_.part + panel * room_.sums -
           part * kPartRows * weight(layer).sums_bytes(width(panel));
  }

  // The same of the outputs.
  T* outputs(int layer, i64 panel, i64 part, int rank) const {
    if (layer + 1 < n_layers() && weight(layer + 1).takes_plain()) {
      return reinterpret_cast<T*>(places_.input(layer + 1, panel));
    }
    return this->part(panel, rank) - part * kPartRows * width(panel);
  }

  // Units: the parts of the first panel, those of the second, and so on.
  void load(Range columns, i64 unit, int rank) const {
    const i64 parts = n_parts(size(columns)), panel = unit / parts;
    const Range features = rows_of_part(size(columns), unit % parts);  // from the first of the slab on
    char* const input = places_.input(0, panel);
    if (weight(0).takes_plain()) {
      return turn(panel, columns.begin, features, reinterpret_cast<T*>(input));
    }
    T* const plain = part(panel, rank);
    turn(panel, columns.begin, features, plain - features.begin * width(panel));
    weight(0).take(plain, features, width(panel), input);
  }

  // Features of the batch, which count from `first_column` on, into a plain panel.
  void turn(i64 panel, i64 first_column, Range features, T* to) const {
    const i64 n = n_samples(panel), wide = width(panel);
    if (batch_.columns) {
      const T* const from = batch_.x + first_column * batch_.n + begin(panel);
      for (i64 c = features.begin; c < features.end; ++c) {
        std::copy_n(from + c * batch_.n, n, to + c * wide);
        std::fill(to + c * wide + n, to + (c + 1) * wide, T(0));
      }
    } else {
      kernels_.rows_to_panel({batch_.x + begin(panel) * n_in() + first_column, n_in(), n}, features, wide, to);
    }
    if (batch_.read == nullptr) return;
    for (i64 c = features.begin; c < features.end; ++c) {
      if (batch_.read[first_column + c] == 0) std::fill(to + c * wide, to + (c + 1) * wide, T(0));
    }
  }

  void store(i64 panel, i64 part, int rank) const {
    const i64 n = n_samples(panel), wide = width(panel);
    const Range features = rows_of_part(n_out(), part);
    const T* const from = outputs(n_layers() - 1, panel, part, rank);
    if (!batch_.columns) {
      return kernels_.panel_to_rows(from, features, wide, {batch_.y + begin(panel) * n_out(), n_out(), n});
    }
    for (i64 r = features.begin; r < features.end; ++r) {
      std::copy_n(from + r * wide, n, batch_.y + r * batch_.n + begin(panel));
    }
  }

  void multiply(int layer, i64 part, Range columns, int rank) const {
    const PanelOperand<T>& w = weight(layer);
    const i64 tile = round_up(kTogetherColumns, w.column_step());
    i64 column = columns.begin;
    do {
      const Range some = {column, std::min(column + tile, columns.end)};
      for (i64 panel = 0; panel < n_panels_; ++panel) {
        const char* const x = places_.input(layer, panel) + w.panel_bytes(column - columns.begin, width(panel));
        w.multiply_panel(part, some, x, width(panel), layers_[layer].epilogue(), sums(layer, panel, part, rank),
                         outputs(layer, panel, part, rank));
      }
    } while ((column += tile) < columns.end);
  }

  const Kernels<T>& kernels_;
  const PackedLayers<T>& layers_;
  Batch<T> batch_;
  Panels panels_;
  i64 first_, n_panels_;
  Places places_;
  PanelRoom room_;
  char* memory_;
};

}  // namespace prunus
