// Five messages with a delay, each written to two beanstalkd servers.
//   beanstalkd -l 127.0.0.1 -p 11300 &  beanstalkd -l 127.0.0.1 -p 11301 &
//   dq_producer 127.0.0.1:11300/tube 127.0.0.1:11301/tube
#include <iostream>
#include <windlass/windlass.hpp>

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  windlass::dq::Nodes nodes;
  for (int i = 1; i < argc; ++i) {
    auto node = windlass::dq::parse_node(argv[i]);
    if (!node) return std::cerr << node.error().message() << '\n', 2;
    nodes.push_back(*node);
  }
  auto producer = windlass::dq::Producer::open(nodes);
  if (!producer) return std::cerr << producer.error().message() << '\n', 2;
  for (int i = 1000; i < 1005; ++i) {
    auto id = producer->delay(std::to_string(i), 2s);
    if (!id) return std::cerr << id.error().message() << '\n', 1;
    std::cout << i << " is " << *id << std::endl;
  }
}
