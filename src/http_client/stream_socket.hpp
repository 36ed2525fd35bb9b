// StreamSocket: a TCP connection, with TLS if wished, whose calls end at a deadline or when stop is requested.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

#include "net/fd.hpp"

struct addrinfo;
struct bio_st;
struct ssl_ctx_st;
struct ssl_st;

namespace windlass::http_client {

// Confined to one thread.
class StreamSocket {
 public:
  // All calls end `timeout` from now at the latest.
  StreamSocket(Duration timeout, std::stop_token stop);
  ~StreamSocket();
  StreamSocket(const StreamSocket&) = delete;
  StreamSocket& operator=(const StreamSocket&) = delete;

  // Tries the addresses of the host one after the other. Looking up a name may block for as long as the system's
  // resolver does.
  Status connect(const std::string& host, const std::string& port);
  // Speaks TLS from now on. The certificate must be for `host`. `ca_file` empty: trusts what the system trusts.
  Status start_tls(const std::string& host, const std::string& ca_file);
  Status write(std::string_view bytes);
  // 0: the peer has closed.
  Result<std::size_t> read(std::span<char> into);

 private:
  struct Free {
    void operator()(ssl_st* tls) const;
    void operator()(ssl_ctx_st* context) const;
  };

  Status connect_to(const addrinfo& address);
  Status wait(short events);
  Status send(std::string_view bytes);
  Result<std::size_t> receive(std::span<char> into);
  // Sends what TLS has to send, then feeds it from the socket. False: the peer has closed.
  Result<bool> exchange();
  Status flush();

  const Duration deadline_;  // on the clock that never jumps
  const std::stop_token stop_;
  net::Fd wake_;  // readable once stop is requested
  net::Fd fd_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::unique_ptr<ssl_st, Free> tls_;
  bio_st* in_ = nullptr;   // of tls_: what came from the peer
  bio_st* out_ = nullptr;  // of tls_: what goes to it
};

}  // namespace windlass::http_client
