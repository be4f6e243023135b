// The table of contents of prunus._core.
#include "bindings/arrays.h"
#include "pack/stored.h"
#include "parallel.h"

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  m.doc() =
      "The compiled core of prunus: scores, masks, packed weights and the executor, on float32 and float64 arrays.";
  prunus::watch_for_fork();
  // Made now: a child that is forked while another thread makes one would wait for ever for it.
  prunus::Recycler::instance();
  prunus::give_stored(prunus::take_stored(1), 1);
  prunus::register_dispatch(m);
  prunus::register_scores(m);
  prunus::register_select(m);
  prunus::register_pack(m);
  prunus::register_executor(m);
  prunus::register_solve(m);
  prunus::register_exchange(m);
  prunus::register_sparse(m);
}
