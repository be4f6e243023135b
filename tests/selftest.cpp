// The core against plain loops, without Python: for compilers, sanitizers and processors that the Python tests do not
// reach. Prints the target and what was checked; exits with 1 at the first difference.
#include "selftest.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "executor/executor.h"
#include "executor/multiply_csr.h"
#include "executor/sparse_executor.h"
#include "pack/stored.h"
#include "parallel.h"
#include "processors.h"
#include "team.h"

namespace {

using prunus::i32;
using prunus::i64;
using prunus::u8;
using selftest::normal;
using selftest::require;

template <class T>
struct Dense {
  prunus::List<T> weight, bias;
  i64 n_out, n_in;
};

// Of a layer: the format of its samples as they come, and of its panels.
struct Formats {
  const char *rows, *panels;
};

template <class T>
prunus::Packing<T> packing() {
  return {selftest::kernels<T>(), 16, 2};
}

template <class Kind, class T>
std::shared_ptr<Kind> operand_of(const prunus::CsrMatrix<T>& w, const char* format) {
  return std::dynamic_pointer_cast<Kind>(prunus::make_operand<T>(format, w, packing<T>()));
}

template <class T>
prunus::PackedLayer<T> packed_layer(const prunus::CsrMatrix<T>& w, Formats formats, prunus::List<T> bias,
                                    prunus::Activation activation) {
  const auto rows = operand_of<prunus::RowOperand<T>>(w, formats.rows);
  const auto panels = operand_of<prunus::PanelOperand<T>>(w, formats.panels);
  return {rows, rows, panels, panels, std::move(bias), activation, T(0)};
}

// What no weight reads is not looked at: with NaN there, the same output y for x.
template <class T>
void check_unread(const prunus::List<prunus::PackedLayer<T>>& packed, const prunus::List<T>& weight, i64 panels_from,
                  prunus::List<T> x, const prunus::List<T>& y) {
  const auto n_in = packed.front().n_cols();
  const auto n_out = packed.back().n_rows();
  prunus::List<prunus::u8> read(n_in);
  for (i64 i = 0; i < weight.size(); ++i) read[i % n_in] |= weight[i] != T(0);
  for (i64 i = 0; i < x.size(); ++i) {
    if (read[i % n_in] == 0) x[i] = std::numeric_limits<T>::quiet_NaN();
  }
  const prunus::Executor<T> executor(selftest::kernels<T>(), packed, {panels_from, 1e9, 1e9, 1e9, 1e9, 3}, read);
  prunus::List<T> again(y.size(), T(-3));
  executor.run(x.data(), y.size() / n_out, again.data(), 2);
  require(y == again, "unread columns change no bit", n_in, n_out);
}

// The output and a bound of its error: tests/reference.py says why.
template <class T>
void check_executor(std::mt19937& random, const prunus::List<i64>& widths, i64 n, double density, Formats formats,
                    i64 panels_from) {
  prunus::List<Dense<T>> dense;
  prunus::List<prunus::PackedLayer<T>> packed;
  for (i64 i = 1; i < widths.size(); ++i) {
    const i64 n_in = widths[i - 1], n_out = widths[i];
    dense.push_back({normal<T>(random, n_in * n_out, density), normal<T>(random, n_out), n_out, n_in});
    const auto w = prunus::pack_dense<T>(dense.back().weight.data(), nullptr, n_out, n_in, 2);
    packed.push_back(packed_layer(w, formats, dense.back().bias, prunus::Activation::relu));
  }
  const prunus::List<T> x = normal<T>(random, n * widths.front());
  prunus::List<T> y(n * widths.back(), T(-1));
  const prunus::Executor<T> executor(selftest::kernels<T>(), packed, {panels_from, 1e9, 1e9, 1e9, 1e9, 3});
  executor.run(x.data(), n, y.data(), 2);
  prunus::List<T> again(y.size(), T(-2));
  executor.run(x.data(), n, again.data(), 1);
  require(y == again, "threads change no bit", n, widths.back());
  check_unread(packed, dense.front().weight, panels_from, x, y);
  prunus::List<T> equal(x.size());
  for (i64 i = 0; i < equal.size(); ++i) equal[i] = x[i % widths.front()];
  executor.run(equal.data(), n, again.data(), 1);
  const auto n_out = widths.back();
  for (i64 i = n_out; i < again.size(); ++i) {
    require(again[i] == again[i % n_out], "equal samples, equal bits", n, widths.back());
  }
  constexpr double eps = std::numeric_limits<T>::epsilon();
  for (i64 s = 0; s < n; ++s) {
    prunus::List<double> value(x.begin() + s * widths.front(), x.begin() + (s + 1) * widths.front());
    prunus::List<double> error(value.size(), 0);
    for (const Dense<T>& layer : dense) {
      prunus::List<double> sum(layer.n_out), wrong(sum.size());
      for (i64 r = 0; r < sum.size(); ++r) {
        double terms = std::abs(static_cast<double>(layer.bias[r]));
        sum[r] = static_cast<double>(layer.bias[r]);
        i64 n_terms = 2;
        for (i64 c = 0; c < value.size(); ++c) {
          const double w = static_cast<double>(layer.weight[r * value.size() + c]);
          sum[r] += w * value[c];
          n_terms += w != 0;
          terms += std::abs(w) * (std::abs(value[c]) + error[c]);
          wrong[r] += std::abs(w) * error[c];
        }
        wrong[r] += static_cast<double>(n_terms) * eps * terms;
        sum[r] = std::max(sum[r], 0.0);
      }
      value = sum;
      error = wrong;
    }
    for (i64 r = 0; r < value.size(); ++r) {
      const double got = static_cast<double>(y[(s * widths.back()) + r]);
      require(std::abs(got - value[r]) <= error[r], "executor", s, r);
    }
  }
}

// Eight threads call one executor at once, each with a batch of its own, and each call may use two threads.
template <class T>
void check_callers(std::mt19937& random, Formats formats) {
  prunus::List<prunus::PackedLayer<T>> layers;
  for (const auto& [n_out, n_in] : {std::pair<i64, i64>{600, 50}, {5, 600}}) {
    const auto w = prunus::pack_dense<T>(normal<T>(random, n_out * n_in, 0.3).data(), nullptr, n_out, n_in, 2);
    layers.push_back(packed_layer(w, formats, normal<T>(random, n_out), prunus::Activation::tanh));
  }
  const prunus::Executor<T> executor(selftest::kernels<T>(), layers, {4, 1e9, 1e9, 1e9, 1e9, 2});
  const prunus::List<T> x = normal<T>(random, 50 * 100);
  prunus::List<prunus::List<T>> expected(101), got(101);
  const prunus::List<i64> batches = {1, 2, 3, 7, 20, 33, 64, 100};
  for (const i64 n : batches) {
    expected[n].resize(5 * n);
    executor.run(x.data(), n, expected[n].data(), 1);
    got[n].resize(5 * n);
  }
  std::vector<std::thread> callers;
  for (const i64 n : batches) {
    callers.emplace_back([&, n] {
      for (int i = 0; i < 20; ++i) executor.run(x.data(), n, got[n].data(), 2);
    });
  }
  for (std::thread& caller : callers) caller.join();
  require(got == expected, "several callers at once");
}

// Stages of 0, 1, 40 and 3 units, over and over. Each notes who did it, and that all before it were done.
class Noted final : public prunus::Stages {
 public:
  int n_stages() const noexcept override { return 40; }
  i64 n_units(int stage) const noexcept override { return kUnits[stage % 4]; }
  void do_unit(int stage, i64 unit, int rank) const override {
    if (rank < 0 || rank >= 7 || unit < 0 || unit >= n_units(stage)) {
      ++wrong;
      return;
    }
    if (in_use[rank].exchange(true)) ++wrong;
    if (n_before != before(stage)) ++wrong;  // not atomic: the stages must order it
    if (++done[stage] == n_units(stage)) n_before = before(stage + 1);
    in_use[rank].store(false);
  }
  i64 before(int stage) const {
    i64 n = 0;
    for (int i = 0; i < stage; ++i) n += n_units(i);
    return n;
  }

  static constexpr i64 kUnits[4] = {0, 1, 40, 3};
  mutable std::atomic<bool> in_use[7] = {};
  mutable std::atomic<i64> done[40] = {};
  mutable std::atomic<int> wrong{0};
  mutable i64 n_before = 0;
};

// A thread goes where it is sent: away from this one, and back to all processors that there are.
void check_processors() {
#if defined(__linux__)
  const prunus::Processors whole = prunus::Processors::of_this_thread(), others = whole.without_own();
  require(!whole.is_none(), "there are processors");
  if (others.is_none()) return;
  std::atomic<bool> done{false};
  std::thread thread([&] {
    while (!done) std::this_thread::yield();
  });
  const auto may_use = [&] {
    cpu_set_t set;
    require(pthread_getaffinity_np(thread.native_handle(), sizeof set, &set) == 0, "affinity");
    return CPU_COUNT(&set);
  };
  const int n = may_use();
  others.give(thread.native_handle());
  require(may_use() == n - 1, "others", may_use());
  whole.give(thread.native_handle());
  require(may_use() == n, "whole", may_use());
  done = true;
  thread.join();
#endif
}

void check_team() {
  std::atomic<int> wrong{0};
  const auto work = [&](int threads) {
    for (int i = 0; i < 50; ++i) {
      const Noted noted;
      prunus::do_together(noted, threads, i % 2 * threads);
      for (int stage = 0; stage < noted.n_stages(); ++stage) wrong += noted.done[stage] != noted.n_units(stage);
      wrong += noted.wrong;
    }
  };
  for (const int threads : {1, 2, 7, 3}) work(threads);
  std::vector<std::thread> callers;
  for (const int threads : {2, 3, 7, 2}) callers.emplace_back(work, threads);
  for (std::thread& caller : callers) caller.join();
  require(wrong == 0, "a team does every unit once, stage by stage");
}

// Two units, each of which waits for the other one to begin, so long at most.
class Meeting final : public prunus::Stages {
 public:
  explicit Meeting(std::chrono::milliseconds patience) : end_(std::chrono::steady_clock::now() + patience) {}

  int n_stages() const noexcept override { return 1; }
  i64 n_units(int) const noexcept override { return 2; }
  void do_unit(int, i64, int) const override {
    ++n_begun_;
    while (n_begun_ < 2 && std::chrono::steady_clock::now() < end_) std::this_thread::yield();
    n_met_ += n_begun_ == 2;
  }

  bool took_place() const { return n_met_ == 2; }

 private:
  std::chrono::steady_clock::time_point end_;
  mutable std::atomic<int> n_begun_{0}, n_met_{0};
};

// Tries `work`, which may be out of luck where other processes compute, until it says yes.
template <class F>
bool succeeds(F&& work) {
  for (int i = 0; i < 50; ++i) {
    if (work()) return true;
  }
  return false;
}

// Who sleeps is woken for much work, or for the next call if it comes at once.
void check_sleepers() {
  if (prunus::Processors::of_this_thread().without_own().is_none()) return;
  const auto meet = [](int milliseconds, int worth_waking) {
    const Meeting meeting{std::chrono::milliseconds(milliseconds)};
    prunus::do_together(meeting, 2, worth_waking);
    return meeting.took_place();
  };
  const auto rest = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
  require(succeeds([&] { return meet(1000, 2); }), "sleepers are woken");
  int n_left = 0;
  for (int i = 0; i < 9; ++i) {
    rest();
    n_left += !meet(20, 1);
  }
  require(n_left > 4, "sleepers are left", n_left);
  require(succeeds([&] {
            rest();
            meet(0, 1);
            return meet(100, 1);
          }),
          "calls in a loop have helpers");
}

// Arrays of all sizes, made and freed in any order: none may lie in another.
void check_stored(std::mt19937& random) {
  prunus::List<prunus::Stored<u8>> arrays(40);
  std::uniform_int_distribution<i64> which(0, arrays.size() - 1), log_size(0, 21), less(0, 1000);
  for (int i = 0; i < 200; ++i) {
    const i64 k = which(random);
    const u8 mark = static_cast<u8>(k);
    require(std::all_of(arrays[k].begin(), arrays[k].end(), [&](u8 value) { return value == mark; }), "stored", i);
    prunus::Stored<u8>().swap(arrays[k]);
    const i64 size = i64{1} << log_size(random);
    arrays[k].assign(size - std::min(size, less(random)), mark);
    const auto address = reinterpret_cast<std::uintptr_t>(arrays[k].data());
    require(address % prunus::kCacheLine == 0, "stored: aligned", i);
  }
}

// Sparse samples by dense and by sparse weights: both add the same products in the same order.
template <class T>
void check_sparse_rows(std::mt19937& random, double density) {
  constexpr i64 n = 70, n_in = 900, n_out = 37;
  const prunus::List<T> x = normal<T>(random, n * n_in, 0.1), w = normal<T>(random, n_in * n_out, density);
  const prunus::List<T> bias = normal<T>(random, n_out);
  const auto samples = prunus::pack_dense<T>(x.data(), nullptr, n, n_in, 1);
  prunus::List<T> turned(w.size());
  for (i64 i = 0; i < n_in * n_out; ++i) {
    turned[i % n_out * n_in + i / n_out] = w[i];
  }
  const auto weight = prunus::pack_dense<T>(turned.data(), nullptr, n_out, n_in, 1);
  const prunus::PackedLayers<T> layers = {packed_layer(weight, {"sell", "sell"}, bias, prunus::Activation::relu)};
  const auto whole =
      std::make_shared<prunus::Executor<T>>(selftest::kernels<T>(), layers, prunus::Costs{8, 1, 1, 1, 1, 1});
  // By an array of weights, their entries, and made dense: what is dear is not done.
  const auto run = [&](auto transposed, double activation, int threads) {
    prunus::List<T> y(n * n_out);
    prunus::SparseRowsLayer<T> first{std::move(transposed), bias, prunus::Activation::relu, T(0)};
    prunus::SparseExecutor<T>(selftest::kernels<T>(), std::move(first), whole, nullptr, {1e9, 1, activation}, {})
        .run(samples, y.data(), threads);
    return y;
  };
  const auto entries = prunus::pack_dense<T>(w.data(), nullptr, n_in, n_out, 1);
  const prunus::List<T> dense = run(w, 1e9, 3), sparse = run(entries, 1e9, 3), made_dense = run(w, 0, 2);
  require(dense == run(w, 1e9, 1), "sparse rows: threads");
  prunus::List<T> turned_x(x.size()), columns(n * n_out);
  for (i64 i = 0; i < n * n_in; ++i) turned_x[i % n_in * n + i / n_in] = x[i];
  prunus::multiply_csr(selftest::kernels<T>(), weight, turned_x.data(), n, columns.data(), 3);
  for (i64 r = 0; r < n; ++r) {
    for (i64 j = 0; j < n_out; ++j) {
      double sum = static_cast<double>(bias[j]), terms = std::abs(sum);
      for (i64 c = 0; c < n_in; ++c) {
        const double term = static_cast<double>(x[r * n_in + c]) * static_cast<double>(w[c * n_out + j]);
        sum += term;
        terms += std::abs(term);
      }
      const double bound = (n_in + 2) * static_cast<double>(std::numeric_limits<T>::epsilon()) * terms;
      const i64 i = r * n_out + j;
      for (const prunus::List<T>& y : {dense, sparse, made_dense}) {
        require(std::abs(static_cast<double>(y[i]) - std::max(sum, 0.0)) <= bound, "sparse rows", r, j);
      }
      const double product = static_cast<double>(columns[j * n + r]);
      require(std::abs(product + static_cast<double>(bias[j]) - sum) <= bound, "columns", r, j);
    }
  }
}

template <class T>
void check_type() {
  std::mt19937 random(0);
  selftest::check_select<T>(random);
  selftest::check_pack<T>(random);
  const prunus::Kernels<T>& kernels = selftest::kernels<T>();
  prunus::List<Formats> formats = {
      {"sell", "sell"}, {"blocks", "blocks"}, {"dense rows", "dense panels"}, {"csr", "sell"}};
  if (kernels.has_expand) formats.push_back({"bitmap", "sell"});
  if (kernels.lookup_columns > 0) formats.push_back({"lookup", "sell"});
  for (const Formats& of : formats) {
    for (const i64 n : {0, 1, 2, 3, 8, 17, 65, 130}) {
      for (const double density : {0.0, 0.1, 1.0}) {
        for (const i64 panels_from : {i64{0}, n + 1}) {
          check_executor<T>(random, {1, 1}, n, density, of, panels_from);
          check_executor<T>(random, {33, 17, 5}, n, density, of, panels_from);
          check_executor<T>(random, {7, 64, 1, 9}, n, density, of, panels_from);
        }
      }
    }
    check_callers<T>(random, of);
    check_executor<T>(random, {70, 520, 3}, 5, 0.2, of, 100);
    check_executor<T>(random, {70, 520, 3}, 40, 0.2, of, 0);
  }
  for (const double density : {0.0, 0.1, 1.0}) check_sparse_rows<T>(random, density);
  const prunus::List<T> w = normal<T>(random, 33 * 17, 0.3);
  const auto packed = prunus::pack_dense<T>(w.data(), nullptr, 33, 17, 2);
  prunus::List<T> back(w.size(), T(0));
  prunus::unpack(prunus::pack_csr<T>(packed.row_start.data(), packed.column.data(), packed.value.data(), 33, 17,
                                     packed.n_entries()),
                 back.data());
  require(back == w, "pack and unpack");
}

// What does not depend on the target.
void check_once(bool with_forks) {
  check_processors();
  check_team();
  check_sleepers();
  selftest::check_threads();
  if (with_forks) selftest::check_forks();
  std::mt19937 random(0);
  check_stored(random);
}

void check_target() {
  std::mt19937 random(0);
  selftest::check_solve(random);
  selftest::check_exchange(random);
  check_type<float>();
  check_type<double>();
  for (const Formats& of : {Formats{"sell", "sell"}, {"dense rows", "dense panels"}}) {
    check_executor<float>(random, {17000, 257, 3}, 16, 0.01, of, 0);  // by slabs, which two threads share
  }
}

}  // namespace

// --without-forks: for qemu's emulation of a process, which hangs now and then where one of several threads forks.
int main(int argc, char** argv) {
  check_once(argc < 2 || std::strcmp(argv[1], "--without-forks") != 0);
  std::printf("OpenMP %s", prunus::kHasOpenMP ? "on" : "off");
  for (const prunus::Target* target : prunus::supported_targets()) {
    selftest::target = target;
    check_target();
    std::printf(", %s (%s)", target->name, target->instructions);
  }
  std::printf(": %d checks passed\n", selftest::checks);
  return 0;
}
