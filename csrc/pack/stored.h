// The arrays of packed weights.
#pragma once

#include "list.h"

namespace prunus {

// Memory for `bytes`, aligned to a cache line. Arrays of 32 KB and more lie in huge pages where the system has any,
// several in one if they fit: weights that stream from memory through pages of 4 KB wait for their translations.
// Throws std::bad_alloc.
void* take_stored(std::size_t bytes);
void give_stored(void* memory, std::size_t bytes) noexcept;

template <class T>
struct StoredMemory {
  using value_type = T;
  StoredMemory() = default;
  template <class U>
  StoredMemory(const StoredMemory<U>&) noexcept {}  // NOLINT(google-explicit-constructor): as an allocator must

  T* allocate(std::size_t n) {
    return static_cast<T*>(take_stored(n <= SIZE_MAX / sizeof(T) ? n * sizeof(T) : SIZE_MAX));
  }
  void deallocate(T* p, std::size_t n) noexcept { give_stored(p, n * sizeof(T)); }

  friend bool operator==(const StoredMemory&, const StoredMemory&) { return true; }
  friend bool operator!=(const StoredMemory&, const StoredMemory&) { return false; }
};

// To be made in its final size: one that grows leaves holes in its pages.
template <class T>
using Stored = List<T, StoredMemory<T>>;

}  // namespace prunus
