// Mux. What runs for a task is put together when handlers and middlewares are registered; a run is a search and a call.
#include <windlass/mux.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <vector>

#include "core/text.hpp"

namespace windlass {
namespace {

using HandlerPtr = std::shared_ptr<const Handler>;
using MiddlewarePtr = std::shared_ptr<const Middleware>;

Outcome not_found(Context& ctx) {
  return Outcome::fail(Failure(FailureKind::kNoHandler, "handler not found for task \"" + ctx.type() + "\""));
}

// The handler with all middlewares around it, the first one outermost.
HandlerPtr wrap(HandlerPtr handler, const std::vector<MiddlewarePtr>& middlewares) {
  for (auto it = middlewares.rbegin(); it != middlewares.rend(); ++it) {
    handler = std::make_shared<const Handler>(
        [middleware = *it, next = std::move(handler)](Context& ctx) { return (*middleware)(ctx, *next); });
  }
  return handler;
}

struct Route {
  std::string pattern;
  HandlerPtr handler;                  // as registered
  HandlerPtr chain;                    // with the middlewares
  HandlerOptions options;
  std::optional<std::size_t> shorter;  // index of the longest other pattern that this one begins with
};

}  // namespace

struct Mux::Impl {
  // Sorted by pattern. All patterns that a type begins with lie on one path of `shorter` links, which starts at the
  // last pattern that is not greater than the type: whatever stands between a prefix of a text and the text begins with
  // it, too.
  std::vector<Route> routes;
  std::vector<MiddlewarePtr> middlewares;
  HandlerPtr fallback = std::make_shared<const Handler>(not_found);
  HandlerPtr fallback_chain = fallback;

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

Mux& Mux::add(std::string pattern, Handler handler, HandlerOptions options) {
  if (core::is_blank(pattern)) throw std::invalid_argument("mux: blank pattern");
  if (!handler) throw std::invalid_argument("mux: empty handler for pattern \"" + pattern + "\"");
  auto& routes = impl_->routes;
  const auto place = std::lower_bound(routes.begin(), routes.end(), pattern,
                                      [](const Route& route, const std::string& text) { return route.pattern < text; });
  if (place != routes.end() && place->pattern == pattern) {
    throw std::invalid_argument("mux: pattern \"" + pattern + "\" is registered twice");
  }
  auto shared = std::make_shared<const Handler>(std::move(handler));
  HandlerPtr chain = wrap(shared, impl_->middlewares);
  routes.insert(place, {std::move(pattern), std::move(shared), std::move(chain), std::move(options), std::nullopt});
  impl_->link_routes();
  return *this;
}

Mux& Mux::use(Middleware middleware) {
  if (!middleware) throw std::invalid_argument("mux: empty middleware");
  impl_->middlewares.push_back(std::make_shared<const Middleware>(std::move(middleware)));
  for (Route& route : impl_->routes) route.chain = wrap(route.handler, impl_->middlewares);
  impl_->fallback_chain = wrap(impl_->fallback, impl_->middlewares);
  return *this;
}

Outcome Mux::run(Context& ctx) const {
  const Route* const route = impl_->find(ctx.type());
  return (route == nullptr ? *impl_->fallback_chain : *route->chain)(ctx);
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

}  // namespace windlass
