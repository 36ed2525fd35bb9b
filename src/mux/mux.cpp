// Mux. What runs for a task is put together when handlers and middlewares are registered; a run is a search and a call.
#include <windlass/mux.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <vector>

#include "core/text.hpp"
#include "mux/mux_access.hpp"

namespace windlass {
namespace {

using HandlerPtr = std::shared_ptr<const Handler>;
using MiddlewarePtr = std::shared_ptr<const Middleware>;
using AsyncHandlerPtr = std::shared_ptr<const AsyncHandler>;
using AsyncMiddlewarePtr = std::shared_ptr<const AsyncMiddleware>;

Outcome not_found(Context& ctx) {
  return Outcome::fail(Failure(FailureKind::kNoHandler, "handler not found for task \"" + ctx.type() + "\""));
}
Async<Outcome> not_found_async(Context& ctx) { co_return not_found(ctx); }

// The handler with all middlewares around it, the first one outermost.
template <class H, class M>
std::shared_ptr<const H> wrap(std::shared_ptr<const H> handler, const std::vector<std::shared_ptr<const M>>& middlewares) {
  for (auto it = middlewares.rbegin(); it != middlewares.rend(); ++it) {
    handler = std::make_shared<const H>(
        [middleware = *it, next = std::move(handler)](Context& ctx) { return (*middleware)(ctx, *next); });
  }
  return handler;
}

// One of the two is there.
struct AnyHandler {
  HandlerPtr on_thread;
  AsyncHandlerPtr async;
};

struct Route {
  std::string pattern;
  AnyHandler handler;                  // as registered
  AnyHandler chain;                    // with the middlewares
  HandlerOptions options;
  internal::ExecutorFactory make_executor;  // of a handler that runs elsewhere
  std::optional<std::size_t> shorter;  // index of the longest other pattern that this one begins with
};

// Each in both forms, unless one of them has left a form out: then there is no list for handlers of that kind.
struct Middlewares {
  std::optional<std::vector<MiddlewarePtr>> on_thread{std::in_place};
  std::optional<std::vector<AsyncMiddlewarePtr>> async{std::in_place};

  template <class M>
  static void add(std::optional<std::vector<std::shared_ptr<const M>>>& list, M middleware) {
    if (!middleware) list.reset();
    if (list) list->push_back(std::make_shared<const M>(std::move(middleware)));
  }
  // REQUIRES: there is a list for its kind.
  AnyHandler around(const AnyHandler& handler) const {
    if (handler.on_thread) return {wrap(handler.on_thread, *on_thread), nullptr};
    return {nullptr, wrap(handler.async, *async)};
  }
  bool fit(const AnyHandler& handler) const { return handler.on_thread ? on_thread.has_value() : async.has_value(); }
  // What runs where there is no handler, of whichever kind there can be.
  AnyHandler fallback() const {
    if (on_thread) return around({std::make_shared<const Handler>(not_found), nullptr});
    return around({nullptr, std::make_shared<const AsyncHandler>(not_found_async)});
  }
};

std::invalid_argument unfit(const Route& route) {
  const std::string pattern = "mux: the handler of pattern \"" + route.pattern + "\" ";
  if (route.handler.async) return std::invalid_argument(pattern + "is a coroutine, and a middleware is for threads only: give use() both forms");
  return std::invalid_argument(pattern + "runs on threads, and a middleware is for coroutines only: give use() both forms");
}

}  // namespace

struct Mux::Impl {
  // Sorted by pattern. All patterns that a type begins with lie on one path of `shorter` links, which starts at the
  // last pattern that is not greater than the type: whatever stands between a prefix of a text and the text begins with
  // it, too.
  std::vector<Route> routes;
  Middlewares middlewares;
  AnyHandler fallback = middlewares.fallback();

  const AnyHandler& chain(std::string_view type) const {
    const Route* const route = find(type);
    return route == nullptr ? fallback : route->chain;
  }
  void add(std::string pattern, AnyHandler handler, HandlerOptions options, internal::ExecutorFactory make_executor = {});
  const Route* find(std::string_view type) const {
    const auto greater =
        std::upper_bound(routes.begin(), routes.end(), type,
                         [](std::string_view text, const Route& route) { return text < route.pattern; });
    if (greater == routes.begin()) return nullptr;
    const Route* route = &*std::prev(greater);
    while (!type.starts_with(route->pattern)) {
      if (!route->shorter) return nullptr;
      route = &routes[*route->shorter];
    }
    return route;
  }

  void link_routes() {
    for (std::size_t i = 0; i < routes.size(); ++i) {
      std::optional<std::size_t> shorter = i == 0 ? std::nullopt : std::optional(i - 1);
      while (shorter && !routes[i].pattern.starts_with(routes[*shorter].pattern)) shorter = routes[*shorter].shorter;
      routes[i].shorter = shorter;
    }
  }
};

Mux::Mux() : impl_(std::make_unique<Impl>()) {}
Mux::~Mux() = default;
Mux::Mux(const Mux& other) : impl_(std::make_unique<Impl>(*other.impl_)) {}
Mux& Mux::operator=(const Mux& other) {
  impl_ = std::make_unique<Impl>(*other.impl_);
  return *this;
}
Mux::Mux(Mux&&) noexcept = default;
Mux& Mux::operator=(Mux&&) noexcept = default;

void Mux::Impl::add(std::string pattern, AnyHandler handler, HandlerOptions options, internal::ExecutorFactory make_executor) {
  const auto place = std::lower_bound(routes.begin(), routes.end(), pattern,
                                      [](const Route& route, const std::string& text) { return route.pattern < text; });
  if (place != routes.end() && place->pattern == pattern) {
    throw std::invalid_argument("mux: pattern \"" + pattern + "\" is registered twice");
  }
  Route route{std::move(pattern), std::move(handler), {}, std::move(options), std::move(make_executor), std::nullopt};
  if (!middlewares.fit(route.handler)) throw unfit(route);
  route.chain = middlewares.around(route.handler);
  routes.insert(place, std::move(route));
  link_routes();
}

namespace {

template <class H>
std::shared_ptr<const H> checked(const std::string& pattern, H handler) {
  if (core::is_blank(pattern)) throw std::invalid_argument("mux: blank pattern");
  if (!handler) throw std::invalid_argument("mux: empty handler for pattern \"" + pattern + "\"");
  return std::make_shared<const H>(std::move(handler));
}

}  // namespace

Mux& Mux::add(std::string pattern, Handler handler, HandlerOptions options) {
  auto shared = checked(pattern, std::move(handler));
  impl_->add(std::move(pattern), {std::move(shared), nullptr}, std::move(options));
  return *this;
}

Mux& Mux::add(std::string pattern, AsyncHandler handler, HandlerOptions options) {
  if (options.isolation == Isolation::kProcess) {
    throw std::invalid_argument("mux: pattern \"" + pattern + "\": a coroutine handler cannot run in a process of its own");
  }
  auto shared = checked(pattern, std::move(handler));
  impl_->add(std::move(pattern), {nullptr, std::move(shared)}, std::move(options));
  return *this;
}

Mux& Mux::use(Middleware middleware) { return use(std::move(middleware), nullptr); }

Mux& Mux::use(Middleware for_threads, AsyncMiddleware for_coroutines) {
  if (!for_threads && !for_coroutines) throw std::invalid_argument("mux: empty middleware");
  Middlewares next = impl_->middlewares;
  Middlewares::add(next.on_thread, std::move(for_threads));
  Middlewares::add(next.async, std::move(for_coroutines));
  if (!next.on_thread && !next.async) {
    throw std::invalid_argument("mux: one middleware is for threads only, another for coroutines only: no handler fits both");
  }
  for (const Route& route : impl_->routes) {
    if (!next.fit(route.handler)) throw unfit(route);
  }
  for (Route& route : impl_->routes) route.chain = next.around(route.handler);
  impl_->fallback = next.fallback();
  impl_->middlewares = std::move(next);
  return *this;
}

bool Mux::is_async(std::string_view type) const { return impl_->chain(type).async != nullptr; }

bool Mux::has_async() const {
  return impl_->fallback.async != nullptr ||
         std::any_of(impl_->routes.begin(), impl_->routes.end(), [](const Route& route) { return route.chain.async != nullptr; });
}

Outcome Mux::run(Context& ctx) const {
  const AnyHandler& chain = impl_->chain(ctx.type());
  if (!chain.on_thread) throw std::logic_error("mux: the handler of \"" + ctx.type() + "\" is a coroutine: call run_async()");
  return (*chain.on_thread)(ctx);
}

Async<Outcome> Mux::run_async(Context& ctx) const {
  const AnyHandler& chain = impl_->chain(ctx.type());
  if (!chain.async) throw std::logic_error("mux: the handler of \"" + ctx.type() + "\" is no coroutine: call run()");
  return (*chain.async)(ctx);
}

std::string Mux::find_pattern(std::string_view type) const {
  const Route* const route = impl_->find(type);
  return route == nullptr ? std::string() : route->pattern;
}

std::vector<std::string> Mux::patterns() const {
  std::vector<std::string> all;
  for (const Route& route : impl_->routes) all.push_back(route.pattern);
  return all;
}

const HandlerOptions* Mux::find_options(std::string_view type) const {
  const Route* const route = impl_->find(type);
  return route == nullptr ? nullptr : &route->options;
}

void internal::MuxAccess::handle(Mux& mux, std::string pattern, Handler handler, ExecutorFactory make) {
  auto shared = checked(pattern, std::move(handler));
  mux.impl_->add(std::move(pattern), {std::move(shared), nullptr}, {}, std::move(make));
}

internal::ExecutorFactory internal::MuxAccess::find_factory(const Mux& mux, std::string_view type) {
  const Route* const route = mux.impl_->find(type);
  return route == nullptr ? ExecutorFactory() : route->make_executor;
}

}  // namespace windlass
