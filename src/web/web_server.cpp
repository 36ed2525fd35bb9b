#include "web/web_server.hpp"

#include "http/server.hpp"
#include "net/tls.hpp"
#include "runtime/role_thread.hpp"
#include "runtime/sampler.hpp"
#include "web/api.hpp"
#include "web/app_files.hpp"

namespace windlass::web {
namespace {

constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

void secure(http::Response& response, bool tls) {
  response.set("Content-Security-Policy", kContentPolicy).set("X-Content-Type-Options", "nosniff").set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "no-referrer").set("Cross-Origin-Opener-Policy", "same-origin");
  response.set("Cross-Origin-Resource-Policy", "same-origin").set("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
  if (tls) response.set("Strict-Transport-Security", "max-age=31536000");
}

Status check_root_path(const std::string& path) {
  const bool fine = path.empty() || (path.front() == '/' && path.back() != '/' &&
                                     path.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/") == path.npos);
  if (fine) return {};
  return Error(ErrorCode::kInvalidArgument, "--root-path '" + path + "': must be like /windlass, of letters, digits and -._~/");
}

}  // namespace

struct WebServer::Impl {
  Impl(BrokerPtr broker, WebConfig web_config, base::Clock& web_clock)
      : config(std::move(web_config)), clock(web_clock), store(std::move(broker)), inspector(store) {}

  Status open() {
    if (Status fine = check_root_path(config.root_path); !fine) return fine;
    auto opened = Access::open(config, clock);
    if (!opened) return opened.error();
    access = *std::move(opened);
    auto log = Audit::open(config.audit_file);
    if (!log) return log.error();
    audit = *std::move(log);
    live = std::make_unique<Live>(config, inspector, *access);
    site.reset(new Site{config, store, clock, *access, *audit, *live, Inspector(store), Client(store), broker_kind()});
    api = std::make_unique<Api>(*site);
    for (const auto add : {add_session_routes, add_info_routes, add_queue_routes, add_list_routes, add_task_routes, add_bulk_routes,
                           add_enqueue_routes, add_search_routes, add_fleet_routes, add_history_routes}) {
      add(*api, *site);
    }
    api->get("/metrics", Style::kOwn, [this](Call& call) { return Result(metrics(call.request)); });
    return {};
  }

  std::string broker_kind() const {
    const auto facts = inspector.describe();
    return facts && !facts->empty() ? facts->front().second : "unknown";
  }

  http::Response handle(http::Request& request) {
    http::Response response = route(request);
    secure(response, request.tls);
    return response;
  }

  http::Response route(http::Request& request) {
    if (!request.path.starts_with(config.root_path)) return http::Response::text(404, "there is nothing at this path\n");
    const std::string path = request.path.substr(config.root_path.size());
    if (path.empty()) return http::Response(308).set("Location", config.root_path + "/");
    if (path == "/api" || path.starts_with("/api/") || path == "/metrics") {
      request.path = path;
      return api->handle(request);
    }
    if (path.front() != '/') return http::Response::text(404, "there is nothing at this path\n");
    return serve_app(request, path, config.root_path);
  }

  const WebConfig config;
  base::Clock& clock;
  const BrokerPtr store;
  const Inspector inspector;
  std::unique_ptr<Access> access;
  std::unique_ptr<Audit> audit;
  std::unique_ptr<Live> live;
  std::unique_ptr<Site> site;
  std::unique_ptr<Api> api;
  http::Handler metrics = [](http::Request&) { return http::Response::text(200, "", "text/plain; version=0.0.4; charset=utf-8"); };
  std::unique_ptr<http::Server> server;
  // For the charts, where no server runs.
  std::unique_ptr<runtime::Sampler> sampler;
  std::unique_ptr<runtime::RoleThread> sampler_thread;
};

WebServer::WebServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebServer::~WebServer() { stop(); }

Result<std::unique_ptr<WebServer>> WebServer::open(BrokerPtr broker, WebConfig config, base::Clock& clock) {
  auto impl = std::make_unique<Impl>(std::move(broker), std::move(config), clock);
  if (Status opened = impl->open(); !opened) return opened.error();
  http::ServerConfig http;
  http.host = impl->config.host;
  http.port = impl->config.port;
  http.limits.body_max = impl->config.body_max;
  if (!impl->config.tls_cert.empty() || !impl->config.tls_key.empty()) {
    auto identity = net::TlsIdentity::open(impl->config.tls_cert, impl->config.tls_key);
    if (!identity) return identity.error();
    http.tls = *std::move(identity);
  }
  impl->server = std::make_unique<http::Server>(
      std::move(http), [own = impl.get()](http::Request& request) { return own->handle(request); }, clock);
  return std::unique_ptr<WebServer>(new WebServer(std::move(impl)));
}

void WebServer::mount_metrics(http::Handler handler) { impl_->metrics = std::move(handler); }

Status WebServer::start() {
  if (Status started = impl_->server->start(); !started) return started;
  if (broker::SampleStore* store = broker::find_sample_store(*impl_->store)) {
    impl_->sampler = std::make_unique<runtime::Sampler>(*impl_->store, *store, runtime::Trouble("sampler", impl_->clock, base::Random::seeded()));
    impl_->sampler_thread = std::make_unique<runtime::RoleThread>(*impl_->sampler, impl_->clock);
    impl_->sampler_thread->start();
  }
  return {};
}

void WebServer::stop() {
  if (impl_->sampler_thread) impl_->sampler_thread->stop();
  impl_->live->stop();
  impl_->server->stop();
}

std::uint16_t WebServer::port() const { return impl_->server->port(); }
const http::Router& WebServer::router() const { return impl_->api->router(); }

}  // namespace windlass::web
