#include "executor/executor.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

#include "parallel.h"

namespace prunus {
namespace {

// Products below which a second thread costs more than it saves: 200,000 take about 40 us, waking a thread 5 to 10.
constexpr i64 kProductsPerThread = 200000;

// Vectors in the widest panel: eight sums in flight keep two fused multiply-add units busy at a latency of four cycles.
constexpr i64 kPanelVectors = 8;

struct Free {
  void operator()(void* p) const { std::free(p); }
};

template <class T>
std::unique_ptr<T[], Free> aligned(i64 n) {
  const size_t bytes = (static_cast<size_t>(n) * sizeof(T) + kCacheLine - 1) / kCacheLine * kCacheLine;
  void* p = std::aligned_alloc(kCacheLine, std::max<size_t>(bytes, kCacheLine));
  if (p == nullptr) throw std::bad_alloc();
  return std::unique_ptr<T[], Free>(static_cast<T*>(p));
}

// The narrowest panel that holds n samples, or the widest there is.
i64 panel_width(i64 n, i64 lanes) {
  i64 width = lanes;
  while (width < n && width < kPanelVectors * lanes) width *= 2;
  return width;
}

template <class T>
Epilogue<T> epilogue_of(const PackedLayer<T>& layer) {
  return {layer.bias.data(), layer.activation, layer.negative_slope};
}

}  // namespace

template <class T>
Executor<T>::Executor(std::vector<PackedLayer<T>> layers) : layers_(std::move(layers)) {
  if (layers_.empty()) throw std::invalid_argument("layers: expected at least one, got none");
  for (size_t i = 0; i < layers_.size(); ++i) {
    const CsrMatrix<T>& weight = *layers_[i].weight;
    if (static_cast<i64>(layers_[i].bias.size()) != weight.n_rows) {
      throw std::invalid_argument("layers: expected a bias of " + std::to_string(weight.n_rows) + " in layer " +
                                  std::to_string(i) + ", got " + std::to_string(layers_[i].bias.size()));
    }
    if (i > 0 && weight.n_cols != layers_[i - 1].weight->n_rows) {
      throw std::invalid_argument("layers: expected layer " + std::to_string(i) + " to take " +
                                  std::to_string(layers_[i - 1].weight->n_rows) + " inputs, got " +
                                  std::to_string(weight.n_cols));
    }
    widest_ = std::max({widest_, weight.n_rows, weight.n_cols});
    n_entries_ += weight.n_entries();
  }
}

template <class T>
void Executor<T>::run(const T* x, i64 n, T* y, int threads) const {
  const i64 width = panel_width(n, active_target().kernels<T>().lanes);
  const i64 n_tiles = (n + width - 1) / width;
  const i64 useful = n_entries_ * n / kProductsPerThread;
  threads = static_cast<int>(std::min<i64>({threads, n_tiles, std::max<i64>(useful, 1)}));
  if (n == 1) return run_one(x, y);
  // A thread takes every threads-th tile and keeps its two panels for all of them.
  std::vector<std::unique_ptr<T[], Free>> panels;
  for (int t = 0; t < threads; ++t) panels.push_back(aligned<T>(2 * widest_ * width));
  parallel_for(threads, threads, [&](i64 t) {
    for (i64 tile = t; tile < n_tiles; tile += threads) {
      const i64 begin = tile * width;
      run_tile(x + begin * n_in(), std::min(width, n - begin), y + begin * n_out(), width,
               panels[static_cast<size_t>(t)].get());
    }
  });
}

template <class T>
void Executor<T>::run_one(const T* x, T* y) const {
  const Kernels<T>& kernels = active_target().kernels<T>();
  const std::unique_ptr<T[], Free> values = aligned<T>(2 * widest_);
  T* out = values.get();
  T* spare = values.get() + widest_;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const bool last = i + 1 == layers_.size();
    kernels.spmv_csr(layers_[i].weight->view(), x, epilogue_of(layers_[i]), last ? y : out);
    x = out;
    std::swap(out, spare);
  }
}

template <class T>
void Executor<T>::run_tile(const T* x, i64 n, T* y, i64 width, T* panels) const {
  const Kernels<T>& kernels = active_target().kernels<T>();
  T* in = panels;
  T* out = panels + widest_ * width;
  kernels.rows_to_panel(x, n, n_in(), width, in);
  for (const PackedLayer<T>& layer : layers_) {
    kernels.spmm_csr(layer.weight->view(), in, width, epilogue_of(layer), out);
    std::swap(in, out);
  }
  kernels.panel_to_rows(in, n, n_out(), width, y);
}

template class Executor<float>;
template class Executor<double>;

}  // namespace prunus
