// A program that can be watched: metrics for Prometheus, traces for a collector, log lines in JSON.
//   monitoring BROKER [COLLECTOR]     as in: monitoring sqlite:tasks.db http://127.0.0.1:4318/v1/traces
// It sends one mail, and prints what a Prometheus would read.
#include <iostream>
#include <windlass/windlass.hpp>

int main(int argc, char** argv) {
  auto opened = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!opened) return std::cerr << opened.error().message() << '\n', 1;
  // docs: metrics
  auto metrics = std::make_shared<windlass::Metrics>();
  auto broker = windlass::metered(*opened, metrics);  // for clients; servers measure theirs themselves
  windlass::ServerConfig config;
  config.metrics = metrics;
  windlass::Counter& mails = metrics->counter("mails_sent_total", "Mails that were sent.");
  windlass::MetricsEndpoint endpoint(metrics, "127.0.0.1:0");  // GET /metrics; port 0: one that is free
  windlass::Server server(broker, config);
  server.attach(endpoint);
  // docs: traces
  if (argc > 2) {
    windlass::OtlpOptions options;
    options.url = argv[2];
    options.service = "mailer";
    options.metrics = metrics;
    auto sink = windlass::make_otlp_sink(options);
    if (!sink) return std::cerr << sink.error().message() << '\n', 1;
    windlass::set_span_sink(*sink, 0.1);  // of 10 traces that begin here, 1 is sampled
  }
  // docs: logs
  windlass::set_log_sink(windlass::make_stream_sink(2, windlass::LogFormat::kJson));
  // docs: end

  windlass::Mux mux;
  mux.handle("email:send", [&](windlass::Context&) {
    windlass::log_info("sent");
    mails.add();
  });
  windlass::Client client(broker);
  if (auto task = client.enqueue(windlass::Task("email:send")); !task) return std::cerr << task.error().message() << '\n', 1;
  if (!server.start(mux) || !server.wait_until_empty()) return 1;
  std::cout << "http://" << endpoint.address() << "/metrics\n" << metrics->text();
  windlass::set_span_sink(nullptr);
  return 0;
}
