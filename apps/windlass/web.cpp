// windlass web: the dashboard with its REST API.
#include "web/web_server.hpp"

#include <charconv>

#include <CLI/CLI.hpp>

#include <windlass/metrics_endpoint.hpp>

#include "api/run_until_signal.hpp"
#include "input.hpp"
#include "options.hpp"
#include "output.hpp"
#include "session.hpp"
#include "web/secrets.hpp"

namespace windlass::app {
namespace {

struct WebArgs {
  web::WebConfig config;
  std::string listen = "127.0.0.1:8080";
  std::string proxy_role = "viewer";
  std::optional<Duration> session_lifetime;
  std::optional<std::uint64_t> body_max;
  std::vector<std::string> nodes;
  bool hash_password = false;
};

Status read_listen(const std::string& text, web::WebConfig& config) {
  const std::size_t colon = text.rfind(':');
  const std::string_view port = std::string_view(text).substr(colon == text.npos ? 0 : colon + 1);
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), config.port);
  if (failed != std::errc() || end != port.data() + port.size()) {
    return Error(ErrorCode::kInvalidArgument, "--listen '" + text + "': must be HOST:PORT, [V6]:PORT or PORT");
  }
  if (colon == text.npos) return {};
  config.host = text.substr(0, colon);
  if (config.host.starts_with('[') && config.host.ends_with(']')) config.host = config.host.substr(1, config.host.size() - 2);
  if (config.host == "*") config.host.clear();
  return {};
}

Result<web::WebConfig> make_config(const WebArgs& args) {
  web::WebConfig config = args.config;
  config.version = WINDLASS_VERSION;
  if (Status read = read_listen(args.listen, config); !read) return read.error();
  config.proxy_role = web::find_role(args.proxy_role).value_or(web::Role::kViewer);
  if (args.session_lifetime) config.session_lifetime = *args.session_lifetime;
  if (args.body_max) config.body_max = *args.body_max;
  for (const std::string& text : args.nodes) {
    Result<dq::Node> node = dq::parse_node(text);
    if (!node) return node.error().at("--dq-node");
    config.dq_nodes.push_back(*std::move(node));
  }
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    return Error(ErrorCode::kInvalidArgument, "--tls-cert and --tls-key belong together");
  }
  return config;
}

std::string url_of(const web::WebConfig& config, std::uint16_t port) {
  std::string host = config.host.empty() ? "localhost" : config.host;
  if (host.find(':') != host.npos) host = "[" + host + "]";
  return (config.tls_cert.empty() ? "http://" : "https://") + host + ":" + std::to_string(port) + config.root_path + "/";
}

Result<int> print_hash() {
  const Result<Payload> input = read_payload("-", 4096);
  if (!input) return input.error();
  const std::string password = input->bytes().substr(0, input->bytes().find_first_of("\r\n"));
  if (password.size() < 8) return Error(ErrorCode::kInvalidArgument, "a password needs at least 8 characters; it is read from standard input");
  const Result<std::string> hash = web::hash_password(password);
  if (!hash) return hash.error();
  put(*hash + "\n");
  return kOk;
}

Result<int> serve(const Session& session, const WebArgs& args) {
  if (args.hash_password) return print_hash();
  Result<web::WebConfig> config = make_config(args);
  if (!config) return config.error();
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  auto server = web::WebServer::open(*broker, *config);
  if (!server) return server.error();
  const auto collector = session.metrics->add_collector(queue_collector(metered(*broker, session.metrics)));
  (*server)->mount_metrics([&session](http::Request&) {
    return http::Response::text(200, session.metrics->text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  const auto start = [&]() -> Status {
    if (Status started = (*server)->start(); !started) return started;
    const std::string url = url_of(*config, (*server)->port());
    put(session.json ? codec::write_json(codec::Value::Object{{"url", url}}) + "\n" : url + "\n");
    return {};
  };
  api::RunUntilSignal until_signal;
  if (Status served = until_signal.run(start, [&] { (*server)->stop(); }); !served) return served.error();
  return kOk;
}

void add_access_options(CLI::App& command, WebArgs& args) {
  web::WebConfig& config = args.config;
  command.add_option("--users", config.users_file, "who may log in: lines NAME:ROLE:HASH; roles are viewer, operator, admin")->type_name("FILE");
  command.add_flag("--hash-password", args.hash_password, "read a password from standard input, print its hash for --users, and end");
  command.add_option("--tokens", config.token_file, "bearer tokens: lines NAME:ROLE:TOKEN")->type_name("FILE");
  command.add_option("--proxy-header", config.proxy_header, "header in which a trusted proxy says who it is")->type_name("NAME");
  command.add_option("--trusted-proxy", config.trusted_proxies, "address or network (10.0.0.0/8) of such a proxy; repeatable")
      ->allow_extra_args(false)
      ->type_name("ADDRESS");
  command.add_option("--proxy-role", args.proxy_role, "of users that come by the proxy and are not in --users (default: viewer)")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}));
  command.add_option("--allowed-host", config.allowed_hosts, "name by which browsers call this server; repeatable")
      ->allow_extra_args(false)
      ->type_name("HOST");
  add_duration(command, "--session-lifetime", args.session_lifetime, "how long a login lasts (default: 12h)");
  command.add_option("--audit-log", config.audit_file, "append who did what to this file, as JSON lines (default: to the log)")->type_name("FILE");
}

}  // namespace

void add_web(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("web", "Serve the dashboard and its REST API");
  auto args = std::make_shared<WebArgs>();
  web::WebConfig& config = args->config;
  command->add_option("--listen", args->listen, "where (default: 127.0.0.1:8080); an address of others needs a login")->type_name("HOST:PORT");
  command->add_flag("--read-only", config.read_only, "show everything, change nothing");
  command->add_option("--root-path", config.root_path, "path under which a proxy in front serves this, as /windlass")->type_name("PATH");
  command->add_option("--max-payload-length", config.text.payload, "characters of a payload shown in lists (default: 200)")->type_name("N");
  command->add_option("--max-result-length", config.text.result, "characters of a result shown in lists (default: 200)")->type_name("N");
  add_size(*command, "--max-body", args->body_max, "of a request (default: 16MiB)");
  command->add_option("--tls-cert", config.tls_cert, "serve HTTPS with this certificate and its chain (PEM)")->type_name("FILE");
  command->add_option("--tls-key", config.tls_key, "its key (PEM)")->type_name("FILE");
  command->add_option("--dq-node", args->nodes, "tube of beanstalkd to show, HOST:PORT/TUBE; repeatable")
      ->allow_extra_args(false)
      ->type_name("NODE");
  add_access_options(*command, *args);
  add_wait(*command, session);
  command->callback([&session, args] { session.run = [&session, args] { return serve(session, *args); }; });
}

}  // namespace windlass::app
