// E-mail by SMTP. The answer of the mail server decides: sent, later (it limits its callers, which costs no retry),
// again (a fault that may pass), never (it refuses).
//   email BROKER PORT TO...            the mail server listens on that port of the loopback
#include <array>
#include <iostream>
#include <windlass/windlass.hpp>

using namespace std::chrono_literals;
using windlass::Async, windlass::Context, windlass::Outcome, windlass::TcpStream;

struct Email { std::string to, subject, body; };
WINDLASS_FIELDS(Email, to, subject, body)

struct Refused {
  int code;          // of SMTP; 0: the connection broke
  std::string text;
};

// Sends a command, unless it is empty, and reads the answer, one line. Throws Refused where it is none of 2xx and 3xx.
Async<> say(TcpStream& server, std::string command) {
  if (!command.empty() && !(co_await server.write(command))) throw Refused{0, "the connection broke"};
  std::string line;
  std::array<char, 512> buffer;
  while (!line.ends_with('\n')) {
    const windlass::Result<std::size_t> n = co_await server.read_some(buffer);
    if (!n || *n == 0) throw Refused{0, "the connection broke"};
    line.append(buffer.data(), *n);
  }
  if (line[0] == '2' || line[0] == '3') co_return;
  throw Refused{std::stoi("0" + line.substr(0, 3)), line.substr(0, line.find('\r'))};
}

Async<> send(std::uint16_t port, const Email& mail, const std::string& task_id) {
  windlass::Result<TcpStream> server = co_await TcpStream::connect("127.0.0.1", port);
  if (!server) throw Refused{0, server.error().message()};
  co_await say(*server, "");
  co_await say(*server, "HELO localhost\r\n");
  co_await say(*server, "MAIL FROM:<robot@example.org>\r\n");
  co_await say(*server, "RCPT TO:<" + mail.to + ">\r\n");
  co_await say(*server, "DATA\r\n");
  // The id of the task, the same in every run: a mailbox that gets the mail twice shows it once.
  const std::string head = "Message-ID: <" + task_id + "@example.org>\r\nSubject: " + mail.subject + "\r\n";
  co_await say(*server, head + "\r\n" + mail.body + "\r\n.\r\n");
}

Async<Outcome> handle(std::uint16_t port, Context& ctx, const Email& mail) {
  std::optional<Refused> refused;
  try {
    co_await send(port, mail, ctx.task_id());
  } catch (const Refused& no) {
    refused = no;
  }
  if (!refused) {
    windlass::log_info("sent", {{"to", mail.to}});
    co_return Outcome::done();
  }
  windlass::log_warn(refused->text, {{"to", mail.to}});
  if (refused->code == 421) co_return windlass::Snooze(1s);
  if (refused->code >= 500) co_return windlass::SkipRetry(refused->text);
  co_return Outcome::fail(refused->text);
}

int main(int argc, char** argv) {
  if (argc < 3) return std::cerr << "usage: email BROKER PORT TO...\n", 2;
  auto broker = windlass::open_broker(argv[1]);
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::Client client(*broker);
  for (int i = 3; i < argc; ++i) {
    const windlass::Task task("email", windlass::codec::to_json(Email{argv[i], "Welcome", "Good to see you."}));
    // A mail that is a day late is not sent any more.
    const auto options = windlass::EnqueueOptions().max_retry(5).timeout(30s).expires_in(24h);
    if (auto stored = client.enqueue(task, options); !stored) return std::cerr << stored.error().message() << '\n', 1;
  }

  windlass::Mux mux;
  const auto port = static_cast<std::uint16_t>(std::stoi(argv[2]));
  mux.handle<Email>("email", [port](Context& ctx, const Email& mail) { return handle(port, ctx, mail); });
  windlass::ServerConfig config;
  config.concurrency = 20;  // mails on their way at once; they hold no threads
  config.retry_delay = [](int n, const windlass::Failure&, const Context&) { return std::min(1s * (1 << n), 1800s); };
  windlass::Server server(*broker, config);
  return server.start(mux) && server.wait_until_empty() ? 0 : 1;
}
