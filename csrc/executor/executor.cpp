#include "executor/executor.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "parallel.h"

namespace prunus {
namespace {

// The narrowest panel that holds n samples, or the widest there is.
i64 panel_width(i64 n, i64 lanes) {
  i64 width = lanes;
  while (width < n && width < kPanelVectors * lanes) width *= 2;
  return width;
}

int useful_threads(double cycles, i64 pieces, int threads) {
  const double useful = std::min(cycles / kCyclesPerThread, static_cast<double>(pieces));
  return static_cast<int>(std::max(1.0, std::min<double>(threads, useful)));
}

// Share `rank` of `size` of [0, n).
i64 share(i64 n, int rank, int size) { return n * rank / size; }

void check_shape(const char* what, i64 layer, i64 expected, i64 got) {
  if (expected == got) return;
  throw std::invalid_argument("layers: expected " + std::string(what) + " of " + std::to_string(expected) +
                              " in layer " + std::to_string(layer) + ", got " + std::to_string(got));
}

}  // namespace

// Calls tile(first sample, memory for two times `width` samples of any layer, rank, size) for every `width` of n
// samples. Threads share the tiles, or, if there are fewer tiles than threads, each tile: its parts.
template <class T>
template <class F>
void Executor<T>::run_tiles(i64 n, i64 width, double cycles, i64 most_parts, int threads, F&& tile) const {
  if (n == 0) return;
  const i64 n_tiles = (n + width - 1) / width, memory = 2 * widest_ * width;
  threads = useful_threads(cycles * static_cast<double>(n), std::max(n_tiles, most_parts), threads);
  const bool by_tiles = n_tiles >= threads;
  const WorkspacePool::Lease lease(pool_, memory * (by_tiles ? threads : 1) * static_cast<i64>(sizeof(T)));
  T* const begin = static_cast<T*>(lease.memory());
  parallel_team(threads, [&](int rank, int size) {
    const i64 first = by_tiles ? share(n_tiles, rank, size) : 0;
    const i64 last = by_tiles ? share(n_tiles, rank + 1, size) : n_tiles;
    for (i64 t = first; t < last; ++t) {
      by_tiles ? tile(t * width, begin + rank * memory, 0, 1) : tile(t * width, begin, rank, size);
    }
  });
}

// Where the samples are: row-major, or in columns.
template <class T>
struct Executor<T>::Batch {
  const T* x;
  T* y;
  i64 n;
  bool columns;
};

template <class T>
Executor<T>::Executor(std::vector<PackedLayer<T>> layers, const Costs& costs)
    : layers_(std::move(layers)), costs_(costs) {
  if (layers_.empty()) throw std::invalid_argument("layers: expected at least one, got none");
  for (size_t i = 0; i < layers_.size(); ++i) {
    const PackedLayer<T>& layer = layers_[i];
    const i64 number = static_cast<i64>(i), n_rows = layer.rows->n_rows(), n_cols = layer.rows->n_cols();
    check_shape("a bias", number, n_rows, static_cast<i64>(layer.bias.size()));
    for (const auto& operand : {layer.narrow, layer.wide}) {
      check_shape("panels with rows", number, n_rows, operand->n_rows());
      check_shape("panels with columns", number, n_cols, operand->n_cols());
    }
    if (i > 0) check_shape("columns", number, layers_[i - 1].rows->n_rows(), n_cols);
    widest_ = std::max({widest_, n_rows, layer.rows->readable_columns()});
  }
  const i64 whole = kCacheLine / static_cast<i64>(sizeof(T));
  widest_ = (widest_ + whole - 1) / whole * whole;
}

template <class T>
void Executor<T>::run(const T* x, i64 n, T* y, int threads) const {
  if (n < costs_.panels_from) return run_rows(x, n, y, threads);
  run_panels({x, y, n, false}, threads);
}

template <class T>
void Executor<T>::run_columns(const T* x, i64 n, T* y, int threads) const {
  run_panels({x, y, n, true}, threads);
}

template <class T>
void Executor<T>::run_rows(const T* x, i64 n, T* y, int threads) const {
  i64 most_parts = 1;
  for (const PackedLayer<T>& layer : layers_) most_parts = std::max(most_parts, layer.rows->n_parts());
  const i64 width = std::min(n, kRowTile);
  run_tiles(n, width, costs_.row, most_parts, threads, [&](i64 begin, T* memory, int rank, int size) {
    run_row_tile(x + begin * n_in(), std::min(width, n - begin), y + begin * n_out(), memory, rank, size);
  });
}

template <class T>
void Executor<T>::run_row_tile(const T* x, i64 n, T* y, T* memory, int rank, int size) const {
  T* const buffers[2] = {memory, memory + widest_ * n};
  const T* in = x;
  i64 in_stride = n_in();
  const i64 readable = layers_.front().rows->readable_columns();
  if (readable > n_in()) {
    for (i64 s = 0; rank == 0 && s < n; ++s) {
      std::memcpy(buffers[1] + s * widest_, x + s * n_in(), static_cast<size_t>(n_in()) * sizeof(T));
      std::fill(buffers[1] + s * widest_ + n_in(), buffers[1] + s * widest_ + readable, T(0));
    }
    if (size > 1) team_barrier();
    in = buffers[1];
    in_stride = widest_;
  }
  for (size_t i = 0; i < layers_.size(); ++i) {
    const PackedLayer<T>& layer = layers_[i];
    const bool last = i + 1 == layers_.size();
    T* out = last ? y : buffers[i % 2];
    const i64 out_stride = last ? n_out() : widest_;
    const i64 end = layer.rows->first_part(rank + 1, size);
    for (i64 p = layer.rows->first_part(rank, size); p < end; ++p) {
      layer.rows->multiply_rows(p, in, in_stride, n, layer.epilogue(), out, out_stride);
    }
    if (!last && rank + 1 == size) {  // what the next layer may read past this one's rows
      const i64 columns = layer.rows->n_rows(), reads = layers_[i + 1].rows->readable_columns();
      for (i64 s = 0; s < n; ++s) std::fill(out + s * out_stride + columns, out + s * out_stride + reads, T(0));
    }
    if (size > 1) team_barrier();
    in = out;
    in_stride = out_stride;
  }
}

template <class T>
void Executor<T>::run_panels(const Batch& batch, int threads) const {
  i64 most_parts = 1;
  for (const PackedLayer<T>& layer : layers_) most_parts = std::max(most_parts, operand(layer, batch).n_parts());
  const i64 width = panel_width(batch.n, active_target().kernels<T>().lanes);
  run_tiles(batch.n, width, costs_.panel, most_parts, threads,
            [&](i64 begin, T* memory, int rank, int size) { run_tile(batch, begin, memory, rank, size); });
}

// By the size of the batch, not of the tile: samples of a call are all computed alike.
template <class T>
const PanelOperand<T>& Executor<T>::operand(const PackedLayer<T>& layer, const Batch& batch) const {
  return batch.n <= kNarrowVectors * active_target().kernels<T>().lanes ? *layer.narrow : *layer.wide;
}

template <class T>
void Executor<T>::run_tile(const Batch& batch, i64 begin, T* panels, int rank, int size) const {
  const i64 lanes = active_target().kernels<T>().lanes;
  // Kernels for one vector may sum in another order: not for the last samples of a large batch.
  const i64 least = batch.n > kPanelVectors * lanes ? 2 * lanes : 1;
  const i64 width = panel_width(std::max(batch.n - begin, least), lanes);
  T* in = panels;
  T* out = panels + widest_ * width;
  load_tile(batch, begin, width, share(n_in(), rank, size), share(n_in(), rank + 1, size), in);
  if (size > 1) team_barrier();
  for (const PackedLayer<T>& layer : layers_) {
    const PanelOperand<T>& weight = operand(layer, batch);
    const i64 end = weight.first_part(rank + 1, size);
    for (i64 p = weight.first_part(rank, size); p < end; ++p) {
      weight.multiply_panel(p, in, width, layer.epilogue(), out);
    }
    if (size > 1) team_barrier();
    std::swap(in, out);
  }
  store_tile(batch, begin, width, share(n_out(), rank, size), share(n_out(), rank + 1, size), in);
  if (size > 1) team_barrier();  // or the next tile would overwrite what is being stored
}

// Features [first, last) of the samples that begin at `begin`, into a panel and out of one.
template <class T>
void Executor<T>::load_tile(const Batch& batch, i64 begin, i64 width, i64 first, i64 last, T* panel) const {
  const i64 n = std::min(width, batch.n - begin);
  if (!batch.columns) {
    return active_target().kernels<T>().rows_to_panel(batch.x + begin * n_in(), n, n_in(), first, last, width, panel);
  }
  for (i64 c = first; c < last; ++c) {
    std::copy_n(batch.x + c * batch.n + begin, n, panel + c * width);
    std::fill(panel + c * width + n, panel + (c + 1) * width, T(0));
  }
}

template <class T>
void Executor<T>::store_tile(const Batch& batch, i64 begin, i64 width, i64 first, i64 last, const T* panel) const {
  const i64 n = std::min(width, batch.n - begin);
  if (!batch.columns) {
    return active_target().kernels<T>().panel_to_rows(panel, n, n_out(), first, last, width, batch.y + begin * n_out());
  }
  for (i64 r = first; r < last; ++r) std::copy_n(panel + r * width, n, batch.y + r * batch.n + begin);
}

template class Executor<float>;
template class Executor<double>;

}  // namespace prunus
