// Web-hooks: POSTs each event to its receiver. The receiver may get one twice (its answer was lost) and tells them
// apart by the id.
//   webhook BROKER PORT PATH...        the receiver listens on that port of the loopback
#include <array>
#include <iostream>
#include <windlass/windlass.hpp>

using namespace std::chrono_literals;
using windlass::Async, windlass::Context, windlass::Outcome, windlass::TcpStream;

struct Delivery { int port; std::string path, body; };
WINDLASS_FIELDS(Delivery, port, path, body)

// The status of the answer; 0 where none came.
Async<int> post(const Delivery& event, const std::string& id) {
  windlass::Result<TcpStream> stream = co_await TcpStream::connect("127.0.0.1", static_cast<std::uint16_t>(event.port));
  if (!stream) co_return 0;
  const std::string request = "POST " + event.path + " HTTP/1.0\r\nContent-Type: application/json\r\n" +
                              "Webhook-Id: " + id + "\r\nContent-Length: " + std::to_string(event.body.size()) +
                              "\r\n\r\n" + event.body;
  const windlass::Status sent = co_await stream->write(request);
  std::string answer;
  std::array<char, 1024> buffer;
  while (sent && answer.size() < 12) {  // "HTTP/1.1 200"
    const windlass::Result<std::size_t> n = co_await stream->read_some(buffer);
    if (!n || *n == 0) break;
    answer.append(buffer.data(), *n);
  }
  co_return answer.size() < 12 ? 0 : std::atoi(answer.c_str() + 9);
}

Async<Outcome> deliver(Context& ctx, const Delivery& event) {
  const int status = co_await post(event, ctx.task_id());
  windlass::log_info("answered", {{"path", event.path}, {"status", std::to_string(status)}});
  if (status >= 200 && status < 300) co_return Outcome::done();
  if (status == 410) co_return windlass::RevokeTask("the receiver wants no more of these");
  if (status >= 400 && status < 500 && status != 408 && status != 429)
    co_return windlass::SkipRetry("the receiver refuses it: " + std::to_string(status));
  co_return Outcome::fail(status == 0 ? "no answer" : "status " + std::to_string(status));
}

int main(int argc, char** argv) {
  if (argc < 3) return std::cerr << "usage: webhook BROKER PORT PATH...\n", 2;
  auto broker = windlass::open_broker(argv[1]);
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::Client client(*broker);
  for (int i = 3; i < argc; ++i) {
    const Delivery event{std::stoi(argv[2]), argv[i], R"({"event":"order.paid"})"};
    const auto options = windlass::EnqueueOptions().queue("webhooks").max_retry(10).timeout(15s);
    if (auto stored = client.enqueue(windlass::Task("webhook", windlass::codec::to_json(event)), options); !stored)
      return std::cerr << stored.error().message() << '\n', 1;
  }

  windlass::Mux mux;
  mux.handle<Delivery>("webhook", deliver);
  windlass::ServerConfig config;
  config.queues = {{"webhooks", 1}};
  config.concurrency = 200;
  config.retry_delay = [](int n, const windlass::Failure&, const Context&) { return std::min(1s * (1 << n), 3600s); };
  windlass::Server server(*broker, config);
  return server.start(mux) && server.wait_until_empty() ? 0 : 1;
}
