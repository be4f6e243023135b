// What one of several threads throws.
#pragma once

#include <atomic>
#include <exception>
#include <utility>

namespace prunus {

// An exception that leaves an OpenMP region, or a thread's function, ends the process. So threads keep the first one
// here, and one of them throws it when all are done.
class Failure {
 public:
  // f(), unless another has failed: then nobody needs it any more.
  template <class F>
  void guard(F&& f) noexcept {
    if (has_failed_.load(std::memory_order_relaxed)) return;
    try {
      f();
    } catch (...) {
      if (!has_failed_.exchange(true)) what_ = std::current_exception();
    }
  }

  // When all are done. Afterwards nothing has failed.
  void rethrow() {
    if (what_ == nullptr) return;
    has_failed_.store(false);
    std::rethrow_exception(std::exchange(what_, nullptr));
  }

 private:
  std::atomic<bool> has_failed_{false};
  std::exception_ptr what_;
};

}  // namespace prunus
