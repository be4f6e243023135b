#include "executor/executor.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "executor/row_tile.h"

namespace prunus {
namespace {

// Panels of a tile: as many as may be together, if threads share the tiles as they would the panels and none gets more.
i64 panels_together(i64 n_panels, i64 threads, i64 most) {
  for (i64 together = std::min(most, n_panels); together > 1; --together) {
    const i64 tiles = n_panels / together, rest = n_panels % together;
    const i64 share = tiles / threads * together + (tiles % threads == 0 ? rest : together);
    if (tiles + (rest > 0) >= threads && share <= ceil_div(n_panels, threads)) return together;
  }
  return 1;
}

void check_shape(const char* what, i64 layer, i64 expected, i64 got) {
  if (expected == got) return;
  throw std::invalid_argument("layers: expected " + std::string(what) + " of " + std::to_string(expected) +
                              " in layer " + std::to_string(layer) + ", got " + std::to_string(got));
}

// One stage, of which the units are tiles: each goes through all of its own stages at once.
template <class MakeTile>
class Tiles final : public Stages {
 public:
  Tiles(i64 n, const MakeTile& make) : n_(n), make_(make) {}
  int n_stages() const noexcept override { return 1; }
  i64 n_units(int) const noexcept override { return n_; }
  void do_unit(int, i64 tile, int rank) const override { do_alone(make_(tile, rank)); }

 private:
  i64 n_;
  const MakeTile& make_;
};

}  // namespace

// All tiles of `width` of n samples: make(first sample, memory of bytes(threads that share the tile)). Threads share
// the tiles, or, if there are fewer tiles than threads, each tile.
template <class T>
template <class Bytes, class MakeTile>
void Executor<T>::run_tiles(i64 n, i64 width, i64 most_parts, int threads, Bytes&& bytes, MakeTile&& make) const {
  if (n == 0) return;
  const i64 n_tiles = ceil_div(n, width);
  threads = useful_threads(cycles(n), std::max(n_tiles, most_parts), threads);
  const int worth_waking = threads_worth_waking(cycles(n), threads);
  const bool by_tiles = n_tiles >= threads;
  const i64 of_tile = round_up(bytes(by_tiles ? 1 : threads), kCacheLine);
  const WorkspacePool::Lease lease(pool_, of_tile * (by_tiles ? threads : 1));
  char* const begin = static_cast<char*>(lease.memory());
  const auto make_tile = [&](i64 tile, int rank) { return make(tile * width, begin + rank * of_tile); };
  if (by_tiles) return do_together(Tiles<decltype(make_tile)>(n_tiles, make_tile), threads, worth_waking);
  for (i64 t = 0; t < n_tiles; ++t) do_together(make_tile(t, 0), threads, worth_waking);
}

template <class T>
Executor<T>::Executor(const Kernels<T>& kernels, PackedLayers<T> layers, const Costs& costs, List<u8> read)
    : kernels_(kernels), layers_(std::move(layers)), costs_(costs), read_(std::move(read)) {
  if (layers_.empty()) throw std::invalid_argument("layers: expected at least one, got none");
  for (i64 i = 0; i < layers_.size(); ++i) {
    const PackedLayer<T>& layer = layers_[i];
    const i64 n_rows = layer.n_rows(), n_cols = layer.n_cols();
    check_shape("a bias", i, n_rows, layer.bias.size());
    for (const Operand<T>* operand :
         std::initializer_list<const Operand<T>*>{layer.few.get(), layer.narrow.get(), layer.wide.get()}) {
      check_shape("formats with rows", i, n_rows, operand->n_rows());
      check_shape("formats with columns", i, n_cols, operand->n_cols());
    }
    if (i > 0) check_shape("columns", i, layers_[i - 1].n_rows(), n_cols);
    widest_ = std::max({widest_, n_rows, layer.one->readable_columns(), layer.few->readable_columns()});
  }
  if (!read_.empty()) check_shape("columns read or not", 0, n_in(), read_.size());
  widest_ = round_up(widest_, kCacheLine / static_cast<i64>(sizeof(T)));
}

template <class T>
void Executor<T>::run_some(const T* x, i64 n, i64 n_call, T* y, int threads) const {
  if (n_call < costs_.panels_from) return run_rows(x, n, n_call, y, threads);
  run_panels({x, y, n, false, read()}, n_call, threads);
}

template <class T>
void Executor<T>::run_columns(const T* x, i64 n, T* y, int threads) const {
  run_panels({x, y, n, true, read()}, n, threads);
}

template <class T>
void Executor<T>::run_rows(const T* x, i64 n, i64 n_call, T* y, int threads) const {
  i64 most_parts = 1;
  for (const PackedLayer<T>& layer : layers_) most_parts = std::max(most_parts, layer.one->n_parts());
  const i64 width = std::min(n, kRowTile);
  // By the size of the call, not of the tile: samples of a call are all computed alike.
  const auto format = n_call == 1 ? &PackedLayer<T>::one : &PackedLayer<T>::few;
  const auto bytes = [&](int) { return 2 * widest_ * width * static_cast<i64>(sizeof(T)); };
  run_tiles(n, width, most_parts, threads, bytes, [&](i64 begin, char* memory) {
    return RowTile<T>(kernels_, layers_, format, widest_, {x + begin * n_in(), n_in(), std::min(width, n - begin)},
                      read(), y + begin * n_out(), reinterpret_cast<T*>(memory));
  });
}

template <class T>
void Executor<T>::run_panels(const Batch<T>& batch, i64 n_call, int threads) const {
  const Panels panels(batch.n, n_call, kernels_.lanes);
  i64 most_parts = 1;
  for (const PackedLayer<T>& layer : layers_) {
    most_parts = std::max(most_parts, layer.panel(panels.is_narrow()).n_parts());
  }
  const i64 together = panels_together(panels.count(), std::max(threads, 1), costs_.together);
  const PanelRoom room = panel_room(layers_, panels.is_narrow(), panels.widest());
  const i64 inputs = 2 * together * room.input;
  const auto bytes = [&](int ranks) { return inputs + together * room.of_threads(ranks); };
  run_tiles(batch.n, together * panels.widest(), most_parts, threads, bytes, [&](i64 begin, char* memory) {
    const i64 first = begin / panels.widest(), n_panels = std::min(together, panels.count() - first);
    return PanelTile<T, InTurns>(kernels_, layers_, batch, panels, first, n_panels,
                                 InTurns(memory, room.input, n_panels), room, memory + inputs);
  });
}

template class Executor<float>;
template class Executor<double>;

}  // namespace prunus
