// Runs each message of the nodes once, until Ctrl-C. Start as many of these as you like, on as many machines as you
// like.
//   dq_consumer redis://127.0.0.1:6379 127.0.0.1:11300/tube 127.0.0.1:11301/tube
#include <iostream>
#include <windlass/windlass.hpp>

int main(int argc, char** argv) {
  if (argc < 3) return std::cerr << "usage: dq_consumer LOCKS NODE...\n", 2;
  auto locks = windlass::dq::open_lock_store(argv[1]);
  if (!locks) return std::cerr << locks.error().message() << '\n', 2;
  windlass::dq::Nodes nodes;
  for (int i = 2; i < argc; ++i) {
    auto node = windlass::dq::parse_node(argv[i]);
    if (!node) return std::cerr << node.error().message() << '\n', 2;
    nodes.push_back(*node);
  }
  windlass::dq::Consumer consumer(nodes, *locks, [](windlass::Context& ctx) {
    std::cout << "got " + ctx.payload().bytes() + "\n" << std::flush;
    return windlass::Outcome::done();
  });
  return consumer.run() ? 0 : 1;
}
