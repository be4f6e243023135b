// Runs every kernel once on a fixed case, and has callgrind write down the instructions of each. bench/instructions.py
// drives it.
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <string>

#include "dispatch/cpu.h"
#include "pack/blocks.h"
#include "pack/dense.h"
#include "pack/lookup.h"
#include "pack/sell.h"

#if __has_include(<valgrind/callgrind.h>)
#  include <valgrind/callgrind.h>
#else  // Valgrind comes with its header; without, this program counts nothing
#  define CALLGRIND_TOGGLE_COLLECT
#  define CALLGRIND_DUMP_STATS_AT(name)
#endif

namespace {

using prunus::i64;
using prunus::u8;

constexpr i64 kRows = 256, kCols = 400;

template <class T>
struct Data {
  prunus::List<T> dense, thin, x, y, bias;
  prunus::List<u8> mask;
  prunus::CsrMatrix<T> csr, full, one;

  Data() : y(kRows * 512), bias(kRows, T(0.5)), mask(kRows * kCols) {
    std::mt19937 random(0);
    const auto next = [&] { return static_cast<T>(random() % 2001) / T(1000) - T(1); };  // the same everywhere
    for (i64 i = 0; i < kRows * kCols; ++i) {
      dense.push_back(next());
      thin.push_back(random() % 10 == 0 ? next() : T(0));
    }
    for (i64 i = 0; i < kCols * 512; ++i) x.push_back(next());
    csr = prunus::pack_dense<T>(thin.data(), nullptr, kRows, kCols, 1);
    full = prunus::pack_dense<T>(dense.data(), nullptr, kRows, kCols, 1);
    one = prunus::pack_dense<T>(dense.data(), nullptr, 1, kCols, 1);
  }
};

// A pointer to the start of a cache line.
template <class T>
T* aligned(prunus::List<T>& v) {
  const auto address = reinterpret_cast<std::uintptr_t>(v.data());
  return v.data() + (64 - address % 64) % 64 / sizeof(T);
}

template <class T>
void add_kernels(std::map<std::string, std::function<void()>>& all, const std::string& suffix) {
  static Data<T> d;
  static const prunus::Kernels<T>& k = prunus::active_target().kernels<T>();
  static const auto sell = prunus::pack_sell(d.csr, 256, 1);
  static const auto blocks = prunus::pack_blocks(d.csr, kCols, 1);
  static const auto dense = prunus::pack_groups(d.full, kCols, 1);
  static const prunus::Epilogue<T> relu = {d.bias.data(), prunus::Activation::relu, T(0)};
  static prunus::List<T> between(kRows * 512);
  static T *const x = aligned(d.x), *const y = aligned(d.y), *const sums = aligned(between);
  static const i64 n = kRows * kCols;
  for (const i64 vectors : {1, 2, 4}) {
    const i64 width = vectors * k.lanes;
    const std::string wide = suffix + " width " + std::to_string(width);
    all["spmm_sell" + wide] = [=] { k.spmm_sell(sell.view(), 0, {0, kCols}, x, width, relu, sums, y); };
    all["spmm_blocks" + wide] = [=] { k.spmm_blocks(blocks.view(), 0, {0, kCols}, x, width, relu, sums, y); };
    all["spmm_dense" + wide] = [=] { k.spmm_dense(dense.view(), 0, {0, kCols}, x, width, relu, sums, y); };
  }
  all["spmv_sell" + suffix] = [] { k.spmv_sell(sell.view(), 0, {x, kCols, 1}, relu, {y, kRows}); };
  all["spmv_blocks" + suffix] = [] { k.spmv_blocks(blocks.view(), 0, {x, kCols, 1}, relu, {y, kRows}); };
  static const auto rows = prunus::pack_rows(d.full, 1), one_row = prunus::pack_rows(d.one, 1);
  for (const i64 samples : {1, 2, 4}) {
    all["spmv_dense" + suffix + " samples " + std::to_string(samples)] = [=] {
      k.spmv_dense(rows.view(), 0, {x, kCols, samples}, relu, {y, kRows});
    };
  }
  all["spmv_dense one row" + suffix] = [] { k.spmv_dense(one_row.view(), 0, {x, kCols, 256}, relu, {y, 1}); };
  all["spmv_csr" + suffix] = [] { k.spmv_csr(d.csr.view(), 0, {x, kCols, 64}, relu, {y, kRows}); };
  for (const i64 samples : {3, 60}) {
    all["spmm_csr" + suffix + " samples " + std::to_string(samples)] = [=] {
      k.spmm_csr(d.csr.view(), {0, kRows}, x, samples, y);
    };
  }
  if (k.lookup_columns > 0) {
    static const auto lookup = prunus::pack_lookup(d.csr, {k.lookup_columns, k.lanes, k.lookup_place_bytes}, 1);
    all["spmv_lookup" + suffix] = [] { k.spmv_lookup(lookup.view(), 0, {x, kCols, 1}, relu, {y, kRows}); };
  }
  // Samples of 40 entries of 400, by weights of which all and a tenth are there.
  all["sparse_rows_dense" + suffix] = [] { k.sparse_rows_dense(d.csr.view(), {0, 64}, d.x.data(), 256, relu, y); };
  static const auto square = prunus::pack_dense<T>(d.thin.data(), nullptr, kCols, kRows, 1);
  all["sparse_rows_sparse" + suffix] = [] { k.sparse_rows_sparse(d.csr.view(), {0, 64}, square.view(), relu, y); };
  // The solver's, on widths that leave something over behind the last whole vector.
  static const prunus::List<T> zeros(kCols, T(0)), norms(kCols, T(0.5));
  static prunus::List<T> diagonal(kCols, T(9)), score(kCols);
  static const T* const matrix = d.dense.data();
  all["subtract_combination" + suffix] = [] { k.subtract_combination(x, {matrix, kCols, 64}, x, 397, y); };
  all["subtract_products" + suffix] = [] {
    k.subtract_products({y, kCols}, {matrix, kCols}, {matrix, kCols}, 64, {0, 47}, {0, 397});
  };
  all["take_away" + suffix] = [] {
    k.take_away(x, 397, matrix, {y, kCols, 4}, zeros.data(), zeros.data(), diagonal.data(), score.data());
  };
  all["sum_left_out" + suffix] = [] {
    k.sum_left_out(matrix, 97, 64, x, 2, T(1e-6), diagonal.data(), y, score.data());
  };
  all["column_products" + suffix] = [] { k.column_products({matrix, kCols, 203}, {x, kCols, 5}, 397, {y, kCols}); };
  all["best_exchange" + suffix] = [] {
    prunus::Gain<T> gains[2];
    k.best_exchange(x, T(0.5), matrix, {norms.data(), matrix, zeros.data(), 4, 397}, T(1e-6), gains);
  };
  all["rows_to_panel" + suffix] = [] { k.rows_to_panel({d.dense.data(), kCols, 32}, {0, kCols}, 32, y); };
  all["panel_to_rows" + suffix] = [] { k.panel_to_rows(x, {0, kCols}, 32, {d.y.data(), kCols, 32}); };
  const char* const names[] = {"identity", "relu", "tanh", "sigmoid", "gelu", "gelu_tanh", "silu", "leaky_relu"};
  for (int i = 1; i < static_cast<int>(prunus::Activation::count); ++i) {
    all["activate " + std::string(names[i]) + suffix] = [=] {
      k.activate(y, 4096, static_cast<prunus::Activation>(i), T(0.1));
    };
  }
  all["absolute" + suffix] = [] { k.absolute(x, n, y); };
  all["absolute_product" + suffix] = [] { k.absolute_product(x, d.dense.data(), n, y); };
  all["all_finite" + suffix] = [] { k.all_finite(x, n); };
  all["apply_mask" + suffix] = [] { k.apply_mask(x, d.mask.data(), n, y); };
  all["mask_at_least" + suffix] = [] { k.mask_at_least(x, n, T(0.5), d.mask.data()); };
  all["keep_best_of_groups 4" + suffix] = [] { k.keep_best_of_groups(x, n / 4, 2, 4, d.mask.data()); };
  all["split_bracket" + suffix] = [] {
    static prunus::List<prunus::Candidate<T>> found(4096);
    k.split_bracket(x, n, T(0.5), T(0.51), d.mask.data(), 4096, found.data());
  };
}

}  // namespace

int main() {
  std::map<std::string, std::function<void()>> all;
  add_kernels<float>(all, " f32");
  add_kernels<double>(all, " f64");
  for (const auto& [name, run] : all) {
    CALLGRIND_TOGGLE_COLLECT;
    run();
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(name.c_str());
  }
  std::printf("%zu kernels\n", all.size());
  return 0;
}
