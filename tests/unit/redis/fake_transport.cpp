#include "unit/redis/fake_transport.hpp"

#include <algorithm>

#include "net/socket.hpp"

namespace windlass::testing {
namespace {

class FakeTransport final : public net::Transport {
 public:
  explicit FakeTransport(std::shared_ptr<FakePeer> peer) : peer_(std::move(peer)) {}
  Result<std::size_t> read_some(std::span<char> buffer) override { return peer_->read_some(buffer); }
  Result<std::size_t> write_some(std::string_view bytes) override { return peer_->write_some(bytes); }
  Result<net::Ready> wait(net::Interest interest, int wake_fd, net::Deadline deadline) override {
    return peer_->wait(interest, wake_fd, deadline);
  }
  void shutdown() override { peer_->shutdown(); }

 private:
  const std::shared_ptr<FakePeer> peer_;
};

Error gone() { return Error(ErrorCode::kUnavailable, "connection closed by the peer"); }

}  // namespace

std::vector<std::vector<std::string>> FakePeer::executed() {
  base::Lock lock(mu_);
  return executed_;
}

void FakePeer::let_write() {
  base::Lock lock(mu_);
  faults_.write_stalls_at = kNever;
  changed_.wake();
}

void FakePeer::say(const std::string& bytes) {
  base::Lock lock(mu_);
  replies_ += bytes;
  changed_.wake();
}

Result<std::size_t> FakePeer::read_some(std::span<char> buffer) {
  base::Lock lock(mu_);
  const std::uint64_t allowed = faults_.replies_end_at - std::min(faults_.replies_end_at, replied_);
  const std::size_t n = std::min({buffer.size(), replies_.size(), static_cast<std::size_t>(allowed)});
  if (n == 0 && (shut_down_ || allowed == 0)) return gone();
  std::copy_n(replies_.begin(), n, buffer.begin());
  replies_.erase(0, n);
  replied_ += n;
  return n;
}

Result<std::size_t> FakePeer::write_some(std::string_view bytes) {
  base::Lock lock(mu_);
  if (shut_down_ || received_ >= faults_.write_fails_at) return Error(ErrorCode::kUnavailable, "write: Broken pipe");
  const std::uint64_t room = std::min(faults_.write_fails_at, std::max(faults_.write_stalls_at, received_)) - received_;
  const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), room));
  commands_.append(bytes.substr(0, n));
  received_ += n;
  execute();
  return n;
}

Result<net::Ready> FakePeer::wait(net::Interest interest, int wake_fd, net::Deadline deadline) {
  for (;;) {
    {
      base::Lock lock(mu_);
      changed_.drain();
      const bool read = interest.read && readable();
      const bool write = interest.write && (shut_down_ || received_ < faults_.write_stalls_at);
      if (read || write) return net::Ready{read, write, false};
    }
    // The event descriptor stands in for the socket.
    Result<net::Ready> ready = net::wait_socket(changed_.get(), {.read = true}, wake_fd, deadline);
    if (!ready || ready->woken || !ready->read) return net::Ready{false, false, ready && ready->woken};
  }
}

void FakePeer::shutdown() {
  base::Lock lock(mu_);
  shut_down_ = true;
  changed_.wake();
}

void FakePeer::execute() {
  std::string_view rest = commands_;
  while (!rest.empty() && parser_.parse(rest, parsed_) == redis::Parser::Outcome::kComplete) {
    std::vector<std::string> command;
    for (const redis::Value arg : parsed_[0]) command.emplace_back(arg.text());
    parsed_.clear();
    if (!faults_.mute) replies_ += answer_(command);
    executed_.push_back(std::move(command));
  }
  commands_.clear();
  changed_.wake();
}

bool FakePeer::readable() { return shut_down_ || !replies_.empty() || replied_ >= faults_.replies_end_at; }

std::unique_ptr<net::Transport> make_fake_transport(std::shared_ptr<FakePeer> peer) {
  return std::make_unique<FakeTransport>(std::move(peer));
}

}  // namespace windlass::testing
