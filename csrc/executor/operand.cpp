#include "executor/operand.h"

#include <stdexcept>
#include <tuple>

#include "executor/formats/bitmap_format.h"
#include "executor/formats/block_format.h"
#include "executor/formats/csr_format.h"
#include "executor/formats/dense_panel_format.h"
#include "executor/formats/dense_row_format.h"
#include "executor/formats/lookup_format.h"
#include "executor/formats/sell_format.h"
#include "pack/places.h"

namespace prunus {
namespace {

template <class T>
using Formats = std::tuple<SellFormat<T>, BlockFormat<T>, DensePanelFormat<T>, DenseRowFormat<T>, CsrFormat<T>,
                           BitmapFormat<T>, LookupFormat<T>>;

// f(the format of that name).
template <class T, class F>
void with_format(const std::string& name, F&& f) {
  bool is_known = false;
  std::string names;
  const auto offer = [&](auto format) {
    names += (names.empty() ? "" : ", ") + std::string(format.kName);
    if (is_known || name != format.kName) return;
    is_known = true;
    f(format);
  };
  std::apply([&](auto... formats) { (offer(formats), ...); }, Formats<T>());
  if (!is_known) throw std::invalid_argument("format: expected one of " + names + ", got '" + name + "'");
}

}  // namespace

template <class T>
std::shared_ptr<Operand<T>> make_operand(const std::string& format, const CsrMatrix<T>& w, const Packing<T>& packing) {
  OperandPointer<T> made;
  with_format<T>(format, [&](auto of) { made = of.make(of.pack(w, packing), packing.kernels); });
  return made;
}

template <class T>
List<i64> places_of_entries(const std::string& format, const CsrMatrix<T>& w, const Packing<T>& packing,
                            bool is_transposed) {
  auto numbers = numbered(w);
  if (is_transposed) numbers = transposed(numbers);
  List<i64> places;
  with_format<T>(format, [&](auto of) {
    if constexpr (requires { of.pack(numbers, packing); }) {
      const auto packed = of.pack(numbers, packing);
      places = places_in(packed.value.data(), packed.value.size(), w.n_entries());
    } else {
      throw std::invalid_argument("format: expected one that stores weights as they are, got '" + format + "'");
    }
  });
  return places;
}

#define PRUNUS_OPERANDS(T)                                                                                       \
  template std::shared_ptr<Operand<T>> make_operand(const std::string&, const CsrMatrix<T>&, const Packing<T>&); \
  template List<i64> places_of_entries(const std::string&, const CsrMatrix<T>&, const Packing<T>&, bool);
PRUNUS_OPERANDS(float)
PRUNUS_OPERANDS(double)
#undef PRUNUS_OPERANDS

}  // namespace prunus
