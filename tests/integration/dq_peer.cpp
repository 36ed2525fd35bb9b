// A consumer as a process of its own, for tests to kill: dq_peer LOCKS LOG NODE...  For each run it appends "begin
// BODY" and "end BODY" to LOG, a line in one write. A body that begins with "hang" does not end.
#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

#include <windlass/windlass.hpp>

namespace {

template <class T>
T get(windlass::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return *std::move(result);
}

void append(int log, const std::string& line) {
  if (::write(log, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error("cannot write the log");
}

int run(int argc, char** argv) {
  const windlass::dq::LockStorePtr locks = get(windlass::dq::open_lock_store(argv[1]));
  const int log = ::open(argv[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  windlass::dq::Nodes nodes;
  for (int i = 3; i < argc; ++i) nodes.push_back(get(windlass::dq::parse_node(argv[i])));
  windlass::dq::ConsumerConfig config;
  config.concurrency = 8;
  config.lease = std::chrono::seconds(2);
  windlass::dq::Consumer consumer(
      nodes, locks,
      [log](windlass::Context& ctx) {
        const std::string& body = ctx.payload().bytes();
        append(log, "begin " + body + "\n");
        if (body.starts_with("hang") && ctx.retry_count() == 0) std::this_thread::sleep_for(std::chrono::hours(1));
        append(log, "end " + body + "\n");
        return windlass::Outcome::done();
      },
      config);
  return consumer.run() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
