#include "team.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <system_error>
#include <thread>

#include "parallel.h"

namespace prunus {
namespace {

// A thread that sleeps needs 5 to 50 us to wake up; who waits for as long has lost no more than twice the time.
constexpr std::chrono::microseconds kTurns{50};

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A team that no other caller has; null if with it all teams together would have more threads than there are
// processors, but for the first one. They are never destroyed: threads may be asleep in them when the process ends.
Team* take_team(int threads) {
  static const int n_processors = static_cast<int>(std::thread::hardware_concurrency());
  static auto& teams = *new std::array<Team, 16>;
  int n_threads = 0;
  for (Team& team : teams) {
    n_threads += threads;
    if (&team != teams.data() && n_threads > n_processors) return nullptr;
    if (team.try_take()) return &team;
  }
  return nullptr;
}

}  // namespace

void do_together(const Stages& work, int threads) {
  threads = std::min(threads, Team::kMost);
  if (threads <= 1 || work.n_stages() > Team::kMost || in_forked_child().load()) return do_alone(work);
  Team* const team = take_team(threads);
  if (team == nullptr) return do_alone(work);
  team->work(work, threads);
  team->give_back();
}

void Team::work(const Stages& work, int threads) {
  work_ = &work;
  threads_ = threads;
  start_helpers(threads - 1);
  begin_stage(0);
  for (;;) {
    const State seen = wait_until([&](State s) { return left_of(s) > 0 || stage_of(s) == work.n_stages(); });
    if (left_of(seen) == 0) return;
    do_units(seen, 0);
  }
}

void Team::start_helpers(int n) {
  try {
    for (; n_helpers_ < n; ++n_helpers_) {
      std::thread([this, rank = n_helpers_ + 1] { help(rank); }).detach();
    }
  } catch (const std::system_error&) {  // there may be no more: those there are will do
  }
}

void Team::help(int rank) {
  for (;;) do_units(wait_until([&](State s) { return left_of(s) > 0 && rank < threads_of(s); }), rank);
}

// The first stage from this one on that has units, or the end, after which the work may be gone.
void Team::begin_stage(int stage) {
  const int n_stages = work_->n_stages();
  n_units_ = 0;
  while (stage < n_stages && (n_units_ = work_->n_units(stage)) == 0) ++stage;
  not_done_.store(n_units_, std::memory_order_relaxed);
  state_.store(state(threads_, stage, n_units_));
  // Who goes to sleep says so before it looks at the state for the last time.
  if (n_asleep_.load() == 0) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
  }  // none is between its last look and its sleep
  woken_.notify_all();
}

// Units of the stage that was seen, as long as there are any. Only who has taken a unit may look at the work, until the
// unit is done: the caller waits for that, and for nothing else.
void Team::do_units(State seen, int rank) {
  while (left_of(seen) > 0 && rank < threads_of(seen)) {
    if (!state_.compare_exchange_weak(seen, seen - 1)) continue;
    const int stage = stage_of(seen);
    work_->do_unit(stage, n_units_ - left_of(seen), rank);
    if (not_done_.fetch_sub(1, std::memory_order_acq_rel) == 1) begin_stage(stage + 1);
    seen = state_.load();
  }
}

template <class Ready>
Team::State Team::wait_until(Ready&& ready) {
  State seen = state_.load();
  if (ready(seen)) return seen;
  const auto end = std::chrono::steady_clock::now() + kTurns;
  do {
    pause();
    seen = state_.load();
    if (ready(seen)) return seen;
  } while (std::chrono::steady_clock::now() < end);
  std::unique_lock<std::mutex> lock(mutex_);
  n_asleep_.fetch_add(1);
  while (!ready(seen = state_.load())) woken_.wait(lock);
  n_asleep_.fetch_sub(1);
  return seen;
}

}  // namespace prunus
