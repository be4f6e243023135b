// What threads throw, and what a forked child finds.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "bindings/recycler.h"
#include "pack/stored.h"
#include "parallel.h"
#include "selftest.h"
#include "solve/together.h"

namespace selftest {
namespace {

using namespace std::chrono_literals;

// What f throws, by its name; nothing where it throws nothing.
template <class F>
std::string thrown_by(F&& f) {
  try {
    f();
  } catch (const std::bad_alloc&) {
    return "bad_alloc";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

// Loops of either kind, of which one piece throws: whoever has it, the caller gets what it threw, once, and the next
// loop is whole.
template <class Loop>
void check_failing(const char* what, Loop&& loop) {
  for (const int threads : {1, 2, 7, 3}) {
    for (i64 bad = 0; bad < 40; bad += 3) {
      std::atomic<i64> n_done{0};
      const auto fail_at = [&](i64 i) {
        if (i == bad && bad % 2 == 0) throw std::bad_alloc();
        if (i == bad) throw std::runtime_error("of a piece");
        ++n_done;
      };
      const std::string thrown = thrown_by([&] { loop(i64{40}, threads, fail_at); });
      require(thrown == (bad % 2 == 0 ? "bad_alloc" : "of a piece"), what, threads, bad);
      require(n_done < 40, what, threads, n_done);
      n_done = 0;
      loop(i64{40}, threads, [&](i64) { ++n_done; });
      require(n_done == 40, what, threads, n_done);
    }
    const std::string all = thrown_by([&] { loop(i64{40}, threads, [](i64) { throw std::bad_alloc(); }); });
    require(all == "bad_alloc", what, threads);
  }
}

// Stages after one that has failed are left out.
class Failing final : public prunus::Stages {
 public:
  int n_stages() const noexcept override { return 3; }
  i64 n_units(int) const noexcept override { return 8; }
  void do_unit(int stage, i64 unit, int) const override {
    if (stage == 1 && unit == 3) throw std::runtime_error("of a unit");
    is_late = is_late || stage == 2;
  }
  mutable std::atomic<bool> is_late{false};
};

// Two units that wait for each other, which needs two threads.
bool are_together() {
  std::atomic<int> n_begun{0};
  const auto end = std::chrono::steady_clock::now() + 1s;
  prunus::for_units(2, 2, [&](i64) {
    ++n_begun;
    while (n_begun < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  });
  return std::chrono::steady_clock::now() < end;
}

void check_teams() {
  for (int i = 0; i < 50; ++i) {
    const Failing failing;
    require(thrown_by([&] { prunus::do_together(failing, 2, 2); }) == "of a unit", "a team says what a unit threw");
    require(!failing.is_late, "no stage follows one that has failed");
  }
  if (prunus::Processors::of_this_thread().without_own().is_none()) return;
  bool met = false;
  for (int i = 0; i < 20 && !met; ++i) met = are_together();
  require(met, "a team that has failed is there for the next call");
}

// Whether a child of this process does all that f does, in time.
template <class F>
bool child_ends(F&& f) {
  const pid_t child = fork();
  if (child == 0) {
    f();
    _exit(0);
  }
  const auto end = std::chrono::steady_clock::now() + 60s;
  int status = -1;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return false;
    }
    std::this_thread::sleep_for(1ms);
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Another thread takes memory and gives it back while this one forks.
template <class Use>
void check_children(const char* what, Use&& use) {
  std::atomic<bool> is_over{false};
  std::thread other([&] {
    while (!is_over) use();
  });
  for (int i = 0; i < 30; ++i) require(child_ends(use), what, i);
  is_over = true;
  other.join();
}

}  // namespace

void check_threads() {
  check_failing("parallel_for throws", [](i64 n, int threads, auto&& f) { prunus::parallel_for(n, threads, f); });
  check_failing("for_units throws", [](i64 n, int threads, auto&& f) { prunus::for_units(n, threads, f); });
  check_teams();
  require(prunus::threads_to_be_had(5) == 5, "so few threads are to be had");
}

void check_forks() {
  std::atomic<std::size_t> n_taken{0};
  check_children("a child has the recycler", [&] {  // of so many sizes that each drives another one out
    const std::size_t bytes = prunus::Recycler::kSmallest + 4096 * (n_taken++ % 200);
    prunus::Recycler::instance().give(prunus::Recycler::instance().take(bytes), bytes);
  });
  check_children("a child has the pages", [] { prunus::give_stored(prunus::take_stored(100 << 10), 100 << 10); });
}

}  // namespace selftest
