// What later formats and training stand on: values that are changed in place, panels that lie as a format wants them,
// and inputs that are kept. All numbers are small integers, so that sums are exact in any order and outputs equal to
// the bit.
#include <algorithm>
#include <memory>
#include <string>

#include "executor/executor.h"
#include "pack/places.h"
#include "selftest.h"

namespace selftest {
namespace {

using prunus::i32;
using prunus::List;
using prunus::Range;

template <class T>
List<T> integers(std::mt19937& random, i64 n, i64 most, double density = 1) {
  std::uniform_int_distribution<i64> values(-most, most);
  std::uniform_real_distribution<double> chance;
  List<T> result(n);
  for (T& value : result) value = chance(random) < density ? static_cast<T>(values(random)) : T(0);
  return result;
}

template <class T>
prunus::Packing<T> packing() {
  return {kernels<T>(), 32, 2};
}

template <class T>
using Operands = std::shared_ptr<prunus::Operand<T>>;

// What the operand makes of x (n, n_cols), by whichever kernels it has.
template <class T>
List<List<T>> outputs_of(const Operands<T>& operand, const List<T>& x, i64 n) {
  const List<T> bias(operand->n_rows(), T(1));
  const auto rows = std::dynamic_pointer_cast<prunus::RowOperand<T>>(operand);
  const auto panels = std::dynamic_pointer_cast<prunus::PanelOperand<T>>(operand);
  const prunus::CsrMatrix<T> none{operand->n_rows(), operand->n_cols(), List<i64>(operand->n_rows() + 1, 0), {}, {}};
  const auto other = prunus::make_operand<T>("sell", none, packing<T>());
  const auto other_rows = std::dynamic_pointer_cast<prunus::RowOperand<T>>(other);
  const auto other_panels = std::dynamic_pointer_cast<prunus::PanelOperand<T>>(other);
  List<List<T>> all;
  for (const bool by_panels : {false, true}) {
    if (by_panels ? panels == nullptr : rows == nullptr) continue;
    const auto one = rows == nullptr ? other_rows : rows;
    const auto wide = panels == nullptr ? other_panels : panels;
    const prunus::PackedLayers<T> layers = {{one, one, wide, wide, bias, prunus::Activation::relu, T(0)}};
    const prunus::Executor<T> executor(kernels<T>(), layers, {by_panels ? 0 : n + 1, 1, 1, 1, 1, 2});
    all.emplace_back(n * operand->n_rows(), T(-7));
    executor.run(x.data(), n, all.back().data(), 1);
  }
  return all;
}

// New values, written where the entries lie, are what the same matrix with those values is packed to; of the transposed
// matrix by the same numbers of entries.
template <class T>
void check_places(std::mt19937& random, const std::string& format) {
  constexpr i64 n_rows = 300, n_cols = 170, n = 37;
  const List<T> dense = integers<T>(random, n_rows * n_cols, 3, 0.3);
  prunus::CsrMatrix<T> w = prunus::pack_dense<T>(dense.data(), nullptr, n_rows, n_cols, 2);
  const List<T> update = integers<T>(random, w.n_entries(), 5);
  for (const bool is_transposed : {false, true}) {
    const auto lies = [&](const prunus::CsrMatrix<T>& m) { return is_transposed ? prunus::transposed(m) : m; };
    const Operands<T> operand = prunus::make_operand<T>(format, lies(w), packing<T>());
    const List<i64> place = prunus::places_of_entries<T>(format, w, packing<T>(), is_transposed);
    require(place.size() == w.n_entries(), "places: one for each entry", is_transposed);
    for (i64 e = 0; e < w.n_entries(); ++e) {
      require(place[e] >= 0 && operand->values()[place[e]] == w.value[e], "places: where the entry is", e,
              is_transposed);
      operand->values()[place[e]] = update[e];
    }
    prunus::CsrMatrix<T> changed = w;
    changed.value = update;
    const Operands<T> fresh = prunus::make_operand<T>(format, lies(changed), packing<T>());
    const List<T> x = integers<T>(random, n * operand->n_cols(), 4);
    require(outputs_of(operand, x, n) == outputs_of(fresh, x, n), "places: the product sees the update", is_transposed);
  }
}

// Dense weights of 8 bits times panels whose features are interleaved by four, with sums of 32 bits.
template <class T>
class Interleaved final : public prunus::PanelOperand<T> {
 public:
  Interleaved(List<T> w, i64 n_rows, i64 n_cols) : prunus::Operand<T>(n_rows, n_cols), w_(w.begin(), w.end()) {}

  i64 n_stored() const override { return w_.size(); }
  i64 bytes() const override { return w_.size(); }
  T* values() override { return nullptr; }
  i64 column_step() const override { return 4; }
  i64 panel_bytes(i64 n_cols, i64 width) const override {
    return prunus::round_up(n_cols, 4) * width * static_cast<i64>(sizeof(short));
  }
  i64 sums_bytes(i64 width) const override { return width * static_cast<i64>(sizeof(i32)); }
  bool takes_plain() const override { return false; }

  void take(const T* plain, Range features, i64 width, void* panel) const override {
    short* const to = static_cast<short*>(panel);
    for (i64 c = features.begin; c < features.end; ++c) {
      for (i64 s = 0; s < width; ++s) {
        to[(c / 4 * width + s) * 4 + c % 4] = static_cast<short>(plain[(c - features.begin) * width + s]);
      }
    }
  }

  void multiply_panel(i64 part, Range columns, const void* x, i64 width, const prunus::Epilogue<T>& epilogue,
                      void* sums, T* y) const override {
    const short* const from = static_cast<const short*>(x);
    i32* const sum = static_cast<i32*>(sums);
    const Range rows = prunus::rows_of_part(this->n_rows(), part);
    for (i64 r = rows.begin; r < rows.end; ++r) {
      for (i64 s = 0; s < width; ++s) {
        i32 total = columns.begin == 0 ? 0 : sum[r * width + s];
        for (i64 c = columns.begin; c < columns.end; ++c) {
          const i64 at = c - columns.begin;
          total += w_[r * this->n_cols() + c] * from[(at / 4 * width + s) * 4 + at % 4];
        }
        sum[r * width + s] = total;
        if (columns.end < this->n_cols()) continue;
        y[r * width + s] = std::max(static_cast<T>(total) + epilogue.bias[r], T(0));
      }
    }
  }

 private:
  List<signed char> w_;
};

// A layer with about so many weights a neuron, and these.
template <class T>
std::pair<prunus::PackedLayer<T>, List<T>> layer_of(std::mt19937& random, i64 n_in, i64 n_out, double n_weights) {
  List<T> w = integers<T>(random, n_out * n_in, 1, n_weights / static_cast<double>(n_in));
  const auto packed = prunus::pack_dense<T>(w.data(), nullptr, n_out, n_in, 2);
  const auto both = prunus::make_operand<T>("sell", packed, packing<T>());
  const auto rows = std::dynamic_pointer_cast<prunus::RowOperand<T>>(both);
  const auto panels = std::dynamic_pointer_cast<prunus::PanelOperand<T>>(both);
  return {{rows, rows, panels, panels, integers<T>(random, n_out, 2), prunus::Activation::relu, T(0)}, std::move(w)};
}

// A network of layers, of which some lie in another way, and the same with all plain.
template <class T>
void check_layouts(std::mt19937& random, const List<i64>& widths, i64 n) {
  const i64 n_layers = widths.size() - 1;
  for (i64 which = 1; which < i64{1} << n_layers; ++which) {  // bit l: layer l lies in another way
    prunus::PackedLayers<T> plain, mixed;
    for (i64 l = 0; l < n_layers; ++l) {
      const i64 n_in = widths[l], n_out = widths[l + 1];
      const auto [layer, w] = layer_of<T>(random, n_in, n_out, 12);
      plain.push_back(layer);
      mixed.push_back(plain.back());
      if ((which >> l & 1) != 0)
        mixed.back().narrow = mixed.back().wide = std::make_shared<Interleaved<T>>(w, n_out, n_in);
    }
    const prunus::Executor<T> expected(kernels<T>(), plain, {0, 1e9, 1e9, 1e9, 1e9, 2});
    const prunus::Executor<T> executor(kernels<T>(), mixed, {0, 1e9, 1e9, 1e9, 1e9, 2});
    const List<T> x = integers<T>(random, n * widths.front(), 2);
    List<T> y(n * widths.back(), T(-7)), wanted = y;
    expected.run(x.data(), n, wanted.data(), 2);
    for (const int threads : {1, 2}) {
      executor.run(x.data(), n, y.data(), threads);
      require(y == wanted, "panels that lie in another way", which, n);
    }
  }
}

// Every input has a place of its own.
class Kept {
 public:
  Kept(char* memory, i64 bytes, i64 n_panels) : memory_(memory), bytes_(bytes), n_panels_(n_panels) {}
  char* input(int layer, i64 panel) const { return memory_ + (layer * n_panels_ + panel) * bytes_; }

 private:
  char* memory_;
  i64 bytes_, n_panels_;
};

// All activations are there afterwards: training goes back through them.
template <class T>
void check_kept(std::mt19937& random) {
  const List<i64> widths = {40, 300, 70, 5};
  const i64 n = 3 * kernels<T>().lanes + 1, n_layers = widths.size() - 1;
  prunus::PackedLayers<T> layers;
  List<List<T>> activations = {integers<T>(random, n * widths[0], 2)};
  for (i64 l = 0; l < n_layers; ++l) {
    const i64 n_in = widths[l], n_out = widths[l + 1];
    const auto [layer, w] = layer_of<T>(random, n_in, n_out, 8);
    layers.push_back(layer);
    List<T> next(n * n_out);
    for (i64 i = 0; i < n * n_out; ++i) {
      T sum = layers.back().bias[i % n_out];
      for (i64 c = 0; c < n_in; ++c) sum += w[i % n_out * n_in + c] * activations.back()[i / n_out * n_in + c];
      next[i] = std::max(sum, T(0));
    }
    activations.push_back(next);
  }
  const prunus::Panels panels(n, n, kernels<T>().lanes);
  const prunus::PanelRoom room = prunus::panel_room(layers, panels.is_narrow(), panels.widest());
  const i64 inputs = n_layers * panels.count() * room.input;
  prunus::WorkspacePool pool;
  const prunus::WorkspacePool::Lease lease(pool, inputs + panels.count() * room.of_threads(1));
  char* const memory = static_cast<char*>(lease.memory());
  const Kept kept(memory, room.input, panels.count());
  List<T> y(n * widths.back());
  const prunus::Batch<T> batch = {activations[0].data(), y.data(), n, false, nullptr};
  prunus::do_alone(
      prunus::PanelTile<T, Kept>(kernels<T>(), layers, batch, panels, 0, panels.count(), kept, room, memory + inputs));
  require(y == activations.back(), "kept: the output");
  for (int l = 0; l < n_layers; ++l) {
    for (i64 s = 0; s < n; ++s) {
      const i64 panel = s / panels.widest(), lane = s - panels.begin(panel);
      const T* const input = reinterpret_cast<const T*>(kept.input(l, panel));
      for (i64 c = 0; c < widths[l]; ++c) {
        require(input[c * panels.width(panel) + lane] == activations[l][s * widths[l] + c], "kept: an input", l, s);
      }
    }
  }
}

}  // namespace

template <class T>
void check_pack(std::mt19937& random) {
  List<std::string> formats = {"sell", "blocks", "dense panels", "dense rows", "csr"};
  if (kernels<T>().has_expand) formats.push_back("bitmap");
  if (kernels<T>().lookup_columns > 0) formats.push_back("lookup");
  for (const std::string& format : formats) check_places<T>(random, format);
  for (const i64 n : {1, 20, 130}) check_layouts<T>(random, {30, 270, 10, 3}, n);
  // By slabs, of a panel of T as of one of 16 bits.
  check_layouts<T>(random, {prunus::kWholeBytes / (prunus::kPanelVectors * kernels<T>().lanes * 2) + 100, 3, 4},
                   3 * kernels<T>().lanes);
  check_kept<T>(random);
}

template void check_pack<float>(std::mt19937&);
template void check_pack<double>(std::mt19937&);

}  // namespace selftest
