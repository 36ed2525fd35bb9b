#include "http_client/stream_socket.hpp"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>

#include "base/clock.hpp"

namespace windlass::http_client {
namespace {

Error unavailable(const std::string& text) { return Error(ErrorCode::kUnavailable, text); }

Error system_error(const std::string& what, int code) { return unavailable(what + ": " + std::strerror(code)); }

Error tls_error(ssl_st* tls) {
  const long verified = SSL_get_verify_result(tls);
  if (verified != X509_V_OK) return unavailable(std::string("TLS: ") + X509_verify_cert_error_string(verified));
  const unsigned long code = ERR_get_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return unavailable(std::string("TLS: ") + (reason != nullptr ? reason : "the connection failed"));
}

bool is_address(const std::string& host) {
  return host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

void StreamSocket::Free::operator()(ssl_st* tls) const { SSL_free(tls); }
void StreamSocket::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

StreamSocket::StreamSocket(Duration timeout, std::stop_token stop)
    : deadline_(base::real_clock().steady() + timeout),
      stop_(std::move(stop)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

StreamSocket::~StreamSocket() = default;

Status StreamSocket::connect(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0) {
    return unavailable("host '" + host + "': " + gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  Status status = unavailable("host '" + host + "' has no address");
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    status = connect_to(*address);
    if (status || stop_.stop_requested()) break;
  }
  return status;
}

Status StreamSocket::connect_to(const addrinfo& address) {
  fd_ = net::Fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
  if (fd_.get() < 0) return system_error("socket", errno);
  if (::connect(fd_.get(), address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return system_error("connect", errno);
  if (Status ready = wait(POLLOUT); !ready) return ready;
  int code = 0;
  socklen_t size = sizeof code;
  getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  return code == 0 ? Status() : system_error("connect", code);
}

Status StreamSocket::wait(short events) {
  const int wake = wake_.get();
  const std::stop_callback on_stop(stop_, [wake] { eventfd_write(wake, 1); });
  for (;;) {
    const Duration left = deadline_ - base::real_clock().steady();
    if (left <= Duration::zero()) return unavailable("no answer in time");
    std::array<pollfd, 2> fds{{{fd_.get(), events, 0}, {wake, POLLIN, 0}}};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(milliseconds));
    if (stop_.stop_requested()) return Error(ErrorCode::kClosed, "stopped");
    if (ready < 0 && errno != EINTR) return system_error("poll", errno);
    if (ready > 0) return {};
  }
}

Status StreamSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (Status ready = wait(POLLOUT); !ready) return ready;
    } else {
      return system_error("send", errno);
    }
  }
  return {};
}

Result<std::size_t> StreamSocket::receive(std::span<char> into) {
  for (;;) {
    const ssize_t n = recv(fd_.get(), into.data(), into.size(), 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EAGAIN && errno != EINTR) return system_error("receive", errno);
    if (Status ready = wait(POLLIN); !ready) return ready.error();
  }
}

// --------------------------------------------------------------------------------------------------------------- TLS

Status StreamSocket::start_tls(const std::string& host, const std::string& ca_file) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) return unavailable("TLS: out of memory");
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  const int trusts = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context_.get())
                                     : SSL_CTX_load_verify_file(context_.get(), ca_file.c_str());
  if (trusts != 1) {
    return unavailable("TLS: the trusted certificates cannot be read" + (ca_file.empty() ? "" : ": " + ca_file));
  }

  tls_.reset(SSL_new(context_.get()));
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  SSL_set_bio(tls_.get(), in_, out_);
  SSL_set_connect_state(tls_.get());
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), host.c_str());
  } else {
    SSL_set_tlsext_host_name(tls_.get(), host.c_str());
    SSL_set1_host(tls_.get(), host.c_str());
  }
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(tls_.get());
    if (result == 1) return flush();
    if (SSL_get_error(tls_.get(), result) != SSL_ERROR_WANT_READ) return tls_error(tls_.get());
    const auto fed = exchange();
    if (!fed) return fed.error();
    if (!*fed) return unavailable("TLS: the peer closed the connection");
  }
}

Status StreamSocket::flush() {
  std::array<char, 16384> buffer;
  for (int n; (n = BIO_read(out_, buffer.data(), static_cast<int>(buffer.size()))) > 0;) {
    if (Status sent = send({buffer.data(), static_cast<std::size_t>(n)}); !sent) return sent;
  }
  return {};
}

Result<bool> StreamSocket::exchange() {
  if (Status flushed = flush(); !flushed) return flushed.error();
  std::array<char, 16384> buffer;
  const auto n = receive(buffer);
  if (!n) return n.error();
  if (*n > 0) BIO_write(in_, buffer.data(), static_cast<int>(*n));
  return *n > 0;
}

Status StreamSocket::write(std::string_view bytes) {
  if (!tls_) return send(bytes);
  ERR_clear_error();
  // Into memory: all of it goes at once.
  if (SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) return tls_error(tls_.get());
  return flush();
}

Result<std::size_t> StreamSocket::read(std::span<char> into) {
  if (!tls_) return receive(into);
  for (;;) {
    ERR_clear_error();
    const int n = SSL_read(tls_.get(), into.data(), static_cast<int>(into.size()));
    if (n > 0) return static_cast<std::size_t>(n);
    const int error = SSL_get_error(tls_.get(), n);
    if (error == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    if (error != SSL_ERROR_WANT_READ) return tls_error(tls_.get());
    const auto fed = exchange();
    if (!fed) return fed.error();
    if (!*fed) return std::size_t{0};
  }
}

}  // namespace windlass::http_client
