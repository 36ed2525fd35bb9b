// MuxAccess: handlers that programs of this library register, and that run elsewhere than in the process of the server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <windlass/mux.hpp>

namespace windlass::internal {

class Executor;  // exec/executor.hpp
using ExecutorFactory = std::function<std::shared_ptr<Executor>()>;

struct MuxAccess {
  // As Mux::handle(). A server runs the tasks in an executor of its own, which `make` gives it, without middlewares; Mux::run()
  // calls `handler`.
  static void handle(Mux& mux, std::string pattern, Handler handler, ExecutorFactory make);
  // Of the handler of this type; empty where it was registered otherwise, or there is none.
  static ExecutorFactory find_factory(const Mux& mux, std::string_view type);
};

}  // namespace windlass::internal
