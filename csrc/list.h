// Arrays of the core's own.
#pragma once

#include <initializer_list>
#include <iterator>
#include <vector>

#include "base.h"

namespace prunus {

// A std::vector whose places and sizes are i64, as all numbers of the core are: no cast at every index, and a place
// that there is not is found where assertions are on.
template <class T, class Memory = std::allocator<T>>
class List : public std::vector<T, Memory> {
  using Base = std::vector<T, Memory>;
  template <class It>
  using IfIterator = typename std::iterator_traits<It>::iterator_category;

 public:
  List() = default;
  explicit List(i64 n) : Base(count(n)) {}
  List(i64 n, const T& value) : Base(count(n), value) {}
  template <class It, class = IfIterator<It>>
  List(It begin, It end) : Base(begin, end) {}
  List(std::initializer_list<T> values) : Base(values) {}

  i64 size() const { return static_cast<i64>(Base::size()); }
  i64 bytes() const { return size() * static_cast<i64>(sizeof(T)); }
  void reserve(i64 n) { Base::reserve(count(n)); }
  void resize(i64 n) { Base::resize(count(n)); }
  void resize(i64 n, const T& value) { Base::resize(count(n), value); }
  void assign(i64 n, const T& value) { Base::assign(count(n), value); }
  template <class It, class = IfIterator<It>>
  void assign(It begin, It end) {
    Base::assign(begin, end);
  }

  template <class Other>
  void append(const Other& other) {
    this->insert(this->end(), other.begin(), other.end());
  }

  T& operator[](i64 i) { return this->data()[checked(i)]; }
  const T& operator[](i64 i) const { return this->data()[checked(i)]; }

 private:
  static size_t count(i64 n) { return static_cast<size_t>(n); }
  i64 checked(i64 i) const {
    PRUNUS_ASSERT(0 <= i && i < size());
    return i;
  }
};

}  // namespace prunus
