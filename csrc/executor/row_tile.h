// A few samples, row-major as they come, through all layers.
#pragma once

#include <algorithm>

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

  RowTile(const Kernels<T>& kernels, const PackedLayers<T>& layers, Format format, i64 stride, Samples<const T> x,
          const u8* read, T* y, T* memory)
      : kernels_(kernels),
        layers_(layers),
        format_(format),
        stride_(stride),
        x_(x),
        read_(read),
        y_(y),
        memory_(memory) {}

  int n_stages() const noexcept override { return static_cast<int>(layers_.size()) + 1; }

  i64 n_units(int stage) const noexcept override { return stage == 0 ? copies_input() : weight(stage - 1).n_parts(); }

  void do_unit(int stage, i64 unit, int) const override { stage == 0 ? copy_input() : multiply(stage - 1, unit); }

 private:
  Samples<T> buffer(i64 layer) const { return {memory_ + layer % 2 * stride_ * x_.n, stride_, x_.n}; }
  const RowOperand<T>& weight(i64 layer) const { return *(layers_[layer].*format_); }
  i64 n_in() const { return layers_.front().n_cols(); }
  bool copies_input() const { return read_ != nullptr || weight(0).readable_columns() > n_in(); }

  void copy_input() const {
    const Samples<T> to = buffer(1);
    for (i64 s = 0; s < x_.n; ++s) {
      if (read_ == nullptr) {
        std::copy_n(x_[s], n_in(), to[s]);
      } else {
        kernels_.apply_mask(x_[s], read_, n_in(), to[s]);
      }
    }
    clear(to, n_in(), weight(0).readable_columns());
  }

  void multiply(i64 i, i64 part) const {
    const bool is_first = i == 0 && !copies_input(), is_last = i + 1 == layers_.size();
    const Samples<T> in = buffer(i + 1), out = buffer(i);
    const i64 n_out = layers_[i].n_rows();
    weight(i).multiply_rows(part, is_first ? x_ : Samples<const T>{in.data, in.stride, in.n}, layers_[i].epilogue(),
                            is_last ? Rows<T>{y_, n_out} : Rows<T>{out.data, out.stride});
    if (!is_last && part == 0) clear(out, n_out, weight(i + 1).readable_columns());
  }

  // What a layer may read past the activations there are.
  static void clear(Samples<T> activations, i64 begin, i64 end) {
    for (i64 s = 0; s < activations.n; ++s) std::fill(activations[s] + begin, activations[s] + end, T(0));
  }

  const Kernels<T>& kernels_;
  const PackedLayers<T>& layers_;
  Format format_;
  i64 stride_;
  Samples<const T> x_;
  const u8* read_;
  T* y_;
  T* memory_;
};

}  // namespace prunus
