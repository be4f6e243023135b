// Memory that calls use one after the other.
#pragma once

#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "base.h"

namespace prunus {

// Blocks of memory, each as large as the call that made it needed, kept for later calls; calls of several threads get
// blocks of their own. Nobody waits: who finds the pool locked (which may be for ever, in a child forked while another
// thread held it) allocates.
class WorkspacePool {
 public:
  class Lease {
   public:
    Lease(WorkspacePool& pool, i64 bytes) : pool_(pool), block_(pool.take(bytes)) {}
    ~Lease() { pool_.give(std::move(block_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    void* memory() const { return block_.memory.get(); }

   private:
    friend class WorkspacePool;
    WorkspacePool& pool_;
    struct Free {
      void operator()(void* p) const { std::free(p); }
    };
    struct Block {
      std::unique_ptr<void, Free> memory;
      i64 bytes = 0;
    };
    Block block_;
  };

  WorkspacePool() { kept_.reserve(kMost); }

 private:
  static constexpr size_t kMost = 64;  // more callers at once than this allocate

  Lease::Block take(i64 bytes) {
    const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
    if (lock.owns_lock() && !kept_.empty()) {
      Lease::Block block = std::move(kept_.back());
      kept_.pop_back();
      if (block.bytes >= bytes) return block;
    }
    const i64 rounded = round_up(bytes, kCacheLine);
    void* memory = std::aligned_alloc(kCacheLine, static_cast<size_t>(rounded > 0 ? rounded : kCacheLine));
    if (memory == nullptr) throw std::bad_alloc();
    return {std::unique_ptr<void, Lease::Free>(memory), rounded};
  }

  void give(Lease::Block block) noexcept {
    const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
    if (lock.owns_lock() && kept_.size() < kMost) kept_.push_back(std::move(block));
  }

  std::mutex mutex_;
  std::vector<Lease::Block> kept_;
};

}  // namespace prunus
