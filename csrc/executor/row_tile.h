// A few samples, row-major as they come, through all layers.
#pragma once

#include <algorithm>
#include <cstring>

#include "executor/layer.h"
#include "team.h"

namespace prunus {

// First the input is copied, if the first layer reads further than it goes or not all of it; then a stage for each
// layer, whose units are its parts. format: which of a layer's runs them. read: which features are, others may hold
// anything; null: all. memory: two times n * stride, of which samples take turns layer by layer.
template <class T>
class RowTile final : public Stages {
 public:
  using Format = std::shared_ptr<const RowOperand<T>> PackedLayer<T>::*;

  RowTile(const PackedLayers<T>& layers, Format format, i64 stride, const T* x, const u8* read, i64 n, T* y, T* memory)
      : layers_(layers), format_(format), stride_(stride), x_(x), read_(read), n_(n), y_(y), memory_(memory) {}

  int n_stages() const noexcept override { return static_cast<int>(layers_.size()) + 1; }

  i64 n_units(int stage) const noexcept override {
    return stage == 0 ? copies_input() : weight(static_cast<size_t>(stage) - 1).n_parts();
  }

  void do_unit(int stage, i64 unit, int) const override {
    stage == 0 ? copy_input() : multiply(static_cast<size_t>(stage) - 1, unit);
  }

 private:
  T* buffer(size_t layer) const { return memory_ + static_cast<i64>(layer % 2) * stride_ * n_; }
  const RowOperand<T>& weight(size_t layer) const { return *(layers_[layer].*format_); }
  i64 n_in() const { return layers_.front().n_cols(); }
  bool copies_input() const { return read_ != nullptr || weight(0).readable_columns() > n_in(); }

  void copy_input() const {
    T* const to = buffer(1);
    for (i64 s = 0; s < n_; ++s) {
      const T* const from = x_ + s * n_in();
      if (read_ == nullptr) {
        std::memcpy(to + s * stride_, from, static_cast<size_t>(n_in()) * sizeof(T));
      } else {
        active_target().kernels<T>().apply_mask(from, read_, n_in(), to + s * stride_);
      }
    }
    clear(to, n_in(), weight(0).readable_columns());
  }

  void multiply(size_t i, i64 part) const {
    const bool is_first = i == 0 && !copies_input(), is_last = i + 1 == layers_.size();
    const T* const in = is_first ? x_ : buffer(i + 1);
    T* const out = is_last ? y_ : buffer(i);
    const i64 n_out = layers_[i].n_rows();
    weight(i).multiply_rows(part, in, is_first ? n_in() : stride_, n_, layers_[i].epilogue(), out,
                            is_last ? n_out : stride_);
    if (!is_last && part == 0) clear(out, n_out, weight(i + 1).readable_columns());
  }

  // What a layer may read past the activations there are.
  void clear(T* activations, i64 begin, i64 end) const {
    for (i64 s = 0; s < n_; ++s) std::fill(activations + s * stride_ + begin, activations + s * stride_ + end, T(0));
  }

  const PackedLayers<T>& layers_;
  Format format_;
  i64 stride_;
  const T* x_;
  const u8* read_;
  i64 n_;
  T* y_;
  T* memory_;
};

}  // namespace prunus
