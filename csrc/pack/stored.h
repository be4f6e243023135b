// The arrays of packed weights.
#pragma once

#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <vector>

#include "base.h"

namespace prunus {

// Large arrays lie in huge pages where the system has any: a weight that streams from memory through pages of 4 KB
// waits for their translations.
template <class T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <class U>
  HugePages(const HugePages<U>&) noexcept {}  // NOLINT(google-explicit-constructor): as an allocator must

  T* allocate(size_t n) {
    constexpr size_t kHugePage = size_t{2} << 20;
    const bool large = n >= 2 * kHugePage / sizeof(T);
    void* memory = nullptr;
    if (n > SIZE_MAX / sizeof(T) || posix_memalign(&memory, large ? kHugePage : kCacheLine, n * sizeof(T)) != 0) {
      throw std::bad_alloc();
    }
    if (large) madvise(memory, n * sizeof(T), MADV_HUGEPAGE);  // advice: it need not be taken
    return static_cast<T*>(memory);
  }
  void deallocate(T* p, size_t) noexcept { std::free(p); }

  friend bool operator==(const HugePages&, const HugePages&) { return true; }
  friend bool operator!=(const HugePages&, const HugePages&) { return false; }
};

template <class T>
using Stored = std::vector<T, HugePages<T>>;

}  // namespace prunus
