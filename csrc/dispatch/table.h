// The kernels of one target, as function pointers. Dispatch happens once per call, above the loops.
#pragma once

#include "formats.h"

namespace prunus {

// A packed weight times samples as they come, and times a panel of them: of activations A, with sums S.
template <class View, class T>
using RowKernel = void(const View& w, i64 part, Samples<const T> x, const Epilogue<T>& epilogue, Rows<T> y) noexcept;
template <class View, class A, class S = A>
using PanelKernel = void(const View& w, i64 part, Range columns, const A* x, i64 width, const Epilogue<S>& epilogue,
                         S* sums, S* y) noexcept;

template <class T>
struct Kernels {
  i64 lanes;               // of a vector register
  i64 lookup_columns;      // of a tile of a Lookup; 0: no look-up
  i64 lookup_place_bytes;  // of a step
  bool has_expand;         // for Bitmap
  T (*multiply_and_add)(i64 n) noexcept;
  void (*absolute)(const T* a, i64 n, T* out) noexcept;
  void (*absolute_product)(const T* a, const T* b, i64 n, T* out) noexcept;
  i32 (*all_finite)(const T* a, i64 n) noexcept;
  i32 (*any_nan)(const T* a, i64 n) noexcept;
  i64 (*count_nonzero)(const T* a, i64 n) noexcept;
  void (*column_dot)(Samples<const T> a, Rows<const T> b, Range columns, i32 take_absolute, double* out) noexcept;
  void (*mask_at_least)(const T* score, i64 n, T threshold, u8* mask) noexcept;
  i64 (*keep_first_equal)(const T* score, i64 n, T threshold, i64 n_keep, u8* mask) noexcept;
  void (*keep_best_of_groups)(const T* score, i64 n_groups, i64 n, i64 m, u8* mask) noexcept;
  void (*apply_mask)(const T* w, const u8* mask, i64 n, T* out) noexcept;
  BracketCount (*split_bracket)(const T* score, i64 n, T low, T high, u8* mask, i64 room,
                                Candidate<T>* between) noexcept;
  void (*activate)(T* values, i64 n, Activation activation, T negative_slope) noexcept;
  PanelKernel<Sell<T>, T>* spmm_sell;
  PanelKernel<Blocks<T>, T>* spmm_blocks;
  PanelKernel<DenseGroups<T>, T>* spmm_dense;
  RowKernel<Sell<T>, T>* spmv_sell;
  RowKernel<Blocks<T>, T>* spmv_blocks;
  RowKernel<Dense<T>, T>* spmv_dense;
  RowKernel<Csr<T>, T>* spmv_csr;
  RowKernel<Bitmap<T>, T>* spmv_bitmap;
  RowKernel<Lookup<T>, T>* spmv_lookup;
  void (*spmm_csr)(const Csr<T>& w, Range rows, const T* x, i64 n, T* y) noexcept;
  void (*sparse_rows_dense)(const Csr<T>& x, Range rows, const T* w, i64 n_out, const Epilogue<T>& epilogue,
                            T* y) noexcept;
  void (*sparse_rows_sparse)(const Csr<T>& x, Range rows, const Csr<T>& w, const Epilogue<T>& epilogue, T* y) noexcept;
  void (*rows_to_panel)(Samples<const T> x, Range columns, i64 width, T* panel) noexcept;
  void (*panel_to_rows)(const T* panel, Range columns, i64 width, Samples<T> y) noexcept;
  void (*subtract_combination)(const T* h, Samples<const T> u, const T* a, i64 n, T* out) noexcept;
  void (*subtract_products)(Rows<T> to, Rows<const T> by, Rows<const T> of, i64 n_terms, Range rows,
                            Range columns) noexcept;
  i32 (*take_away)(const T* u, i64 n, const T* factor, Samples<T> coef, const T* bar, const T* limit, T* diagonal,
                   T* score) noexcept;
  void (*sum_left_out)(const T* q, i64 n_steps, i64 width, const T* z, i64 n_out, T least, T* left, T* error,
                       T* sum) noexcept;
  void (*column_products)(Samples<const T> x, Samples<const T> q, i64 n, Rows<T> out) noexcept;
  void (*best_exchange)(const T* v, T inverse_h, const T* ratio, const Outside<T>& outside, T tolerance,
                        Gain<T>* gains) noexcept;
};

struct Target {
  const char* name;
  const char* instructions;  // what the object was compiled for, by its own macros: proof that the flags arrived
  const Kernels<float>* f32;
  const Kernels<double>* f64;

  template <class T>
  const Kernels<T>& kernels() const;
};
template <>
inline const Kernels<float>& Target::kernels<float>() const {
  return *f32;
}
template <>
inline const Kernels<double>& Target::kernels<double>() const {
  return *f64;
}

}  // namespace prunus
