#include "net/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/mutex.hpp"
#include "net/socket.hpp"

namespace windlass::net {
namespace {

// OpenSSL's queue of errors, emptied, as one text.
std::string openssl_text() {
  std::string text;
  while (const unsigned long number = ::ERR_get_error()) {
    char line[256];
    ::ERR_error_string_n(number, line, sizeof line);
    if (!text.empty()) text += "; ";
    text += line;
  }
  return text.empty() ? "no reason given" : text;
}

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE on a broken connection.
int bio_write(BIO* bio, const char* data, int size) {
  const int socket = static_cast<int>(reinterpret_cast<std::intptr_t>(::BIO_get_data(bio)));
  ::BIO_clear_retry_flags(bio);
  const ssize_t n = ::send(socket, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) ::BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* data, int size) {
  const int socket = static_cast<int>(reinterpret_cast<std::intptr_t>(::BIO_get_data(bio)));
  ::BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(socket, data, static_cast<std::size_t>(size), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) ::BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

// One for the process, never freed.
BIO_METHOD* bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "windlass socket");
    ::BIO_meth_set_write(made, bio_write);
    ::BIO_meth_set_read(made, bio_read);
    ::BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

struct FreeSsl {
  void operator()(SSL* ssl) const { ::SSL_free(ssl); }
};

// An SSL object may be used by one thread at a time, and TLS may have to write in order to read; hence the mutex and the flags.
class TlsTransport final : public LoopTransport {
 public:
  TlsTransport(Fd socket, std::unique_ptr<SSL, FreeSsl> ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {}

  Result<std::size_t> read_some(std::span<char> buffer) override {
    base::Lock lock(mu_);
    ::ERR_clear_error();
    const int n = ::SSL_read(ssl_.get(), buffer.data(), static_cast<int>(std::min<std::size_t>(buffer.size(), INT_MAX)));
    return finish(n, read_wants_write_);
  }

  Result<std::size_t> write_some(std::string_view bytes) override {
    base::Lock lock(mu_);
    if (bytes.empty()) return std::size_t{0};
    ::ERR_clear_error();
    const int n = ::SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX)));
    return finish(n, write_wants_write_);
  }

  Result<Ready> wait(Interest interest, int wake_fd, Deadline deadline) override {
    const Interest socket_interest = needs(interest);
    if (interest.read && !socket_interest.read && !socket_interest.write) return Ready{.read = true};
    Result<Ready> ready = wait_socket(socket_.get(), socket_interest, wake_fd, deadline);
    if (!ready || (!ready->read && !ready->write)) return ready;
    // Which direction of the stream got further shows when it is tried.
    return Ready{interest.read, interest.write, ready->woken};
  }

  Interest needs(Interest interest) override {
    base::Lock lock(mu_);
    if (interest.read && ::SSL_pending(ssl_.get()) > 0) return {};
    return {.read = interest.read || (interest.write && !write_wants_write_),
            .write = (interest.read && read_wants_write_) || (interest.write && write_wants_write_)};
  }

  int descriptor() const override { return socket_.get(); }
  void shutdown() override { ::shutdown(socket_.get(), SHUT_RDWR); }
  void shutdown_write() override {
    {
      base::Lock lock(mu_);
      // Best effort: without it the peer sees the end of the stream all the same.
      (void)::SSL_shutdown(ssl_.get());
    }
    ::shutdown(socket_.get(), SHUT_WR);
  }

 private:
  Result<std::size_t> finish(int n, bool& wants_write) WINDLASS_REQUIRES(mu_) {
    if (n > 0) return static_cast<std::size_t>(n);
    const int saved = errno;
    const int failure = ::SSL_get_error(ssl_.get(), n);
    if (failure == SSL_ERROR_WANT_READ || failure == SSL_ERROR_WANT_WRITE) {
      wants_write = failure == SSL_ERROR_WANT_WRITE;
      return std::size_t{0};
    }
    if (failure == SSL_ERROR_ZERO_RETURN) return Error(ErrorCode::kUnavailable, "connection closed by the peer");
    if (failure == SSL_ERROR_SYSCALL) return system_error("tls", saved == 0 ? ECONNRESET : saved);
    return Error(ErrorCode::kUnavailable, "tls: " + openssl_text());
  }

  const Fd socket_;
  base::Mutex mu_;
  const std::unique_ptr<SSL, FreeSsl> ssl_;
  bool read_wants_write_ WINDLASS_GUARDED_BY(mu_) = false;
  bool write_wants_write_ WINDLASS_GUARDED_BY(mu_) = true;
};

// A connection over the socket, which stays the caller's. Nothing if memory is out.
std::unique_ptr<SSL, FreeSsl> make_ssl(SSL_CTX* context, int socket) {
  std::unique_ptr<SSL, FreeSsl> ssl(::SSL_new(context));
  BIO* bio = ssl ? ::BIO_new(bio_method()) : nullptr;
  if (!bio) return nullptr;
  ::BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  ::BIO_set_init(bio, 1);
  ::SSL_set_bio(ssl.get(), bio, bio);
  return ssl;
}

SSL_CTX* make_context(const SSL_METHOD* method) {
  SSL_CTX* context = ::SSL_CTX_new(method);
  if (!context) return nullptr;
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  // A write that found no room is tried again from a buffer that may have moved and grown.
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

Status load_identity(SSL_CTX* context, const std::string& cert_file, const std::string& key_file) {
  if (::SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1) {
    return Error(ErrorCode::kInvalidArgument, "tls: cert '" + cert_file + "': " + openssl_text());
  }
  if (::SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      ::SSL_CTX_check_private_key(context) != 1) {
    return Error(ErrorCode::kInvalidArgument, "tls: key '" + key_file + "': " + openssl_text());
  }
  return {};
}

bool is_ip_address(const std::string& name) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

bool expect_name(SSL* ssl, const std::string& name) {
  if (is_ip_address(name)) return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), name.c_str()) == 1;
  return ::SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 && ::SSL_set1_host(ssl, name.c_str()) == 1;
}

Error handshake_error(SSL* ssl, int failure, int saved) {
  const long verdict = ::SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) {
    return Error(ErrorCode::kPermissionDenied,
                 std::string("certificate not accepted: ") + ::X509_verify_cert_error_string(verdict));
  }
  if (failure == SSL_ERROR_SYSCALL && saved != 0) return system_error("tls handshake", saved);
  if (failure == SSL_ERROR_SYSCALL) return Error(ErrorCode::kUnavailable, "tls handshake: connection closed by the peer");
  return Error(ErrorCode::kUnavailable, "tls handshake: " + openssl_text());
}

Status shake_hands(SSL* ssl, int socket, Deadline deadline) {
  for (;;) {
    ::ERR_clear_error();
    const int n = ::SSL_connect(ssl);
    if (n == 1) return {};
    const int saved = errno;
    const int failure = ::SSL_get_error(ssl, n);
    const Interest interest{failure == SSL_ERROR_WANT_READ, failure == SSL_ERROR_WANT_WRITE};
    if (!interest.read && !interest.write) return handshake_error(ssl, failure, saved);
    Result<Ready> ready = wait_socket(socket, interest, -1, deadline);
    if (!ready) return ready.error();
    if (!ready->read && !ready->write) return Error(ErrorCode::kUnavailable, "tls handshake: timed out");
  }
}

}  // namespace

struct TlsContext::Impl {
  SSL_CTX* context = nullptr;
  TlsOptions options;

  ~Impl() { ::SSL_CTX_free(context); }

  Status trust() const {
    if (options.ca.empty()) {
      if (::SSL_CTX_set_default_verify_paths(context) == 1) return {};
      return Error(ErrorCode::kInvalidArgument, "tls: the system's certificates: " + openssl_text());
    }
    struct stat info {};
    const bool folder = ::stat(options.ca.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
    const char* path = options.ca.c_str();
    if (::SSL_CTX_load_verify_locations(context, folder ? nullptr : path, folder ? path : nullptr) == 1) return {};
    return Error(ErrorCode::kInvalidArgument, "tls: ca '" + options.ca + "': " + openssl_text());
  }
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::open(const TlsOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->context = make_context(::TLS_client_method());
  if (!impl->context) return Error(ErrorCode::kInternal, "tls: " + openssl_text());
  ::SSL_CTX_set_verify(impl->context, options.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!options.insecure_skip_verify) {
    if (Status trusted = impl->trust(); !trusted) return trusted.error();
  }
  if (!options.cert_file.empty()) {
    if (Status loaded = load_identity(impl->context, options.cert_file, options.key_file); !loaded) return loaded.error();
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

Result<std::unique_ptr<Transport>> TlsContext::handshake(Fd socket, const std::string& host, Deadline deadline) const {
  std::unique_ptr<SSL, FreeSsl> ssl = make_ssl(impl_->context, socket.get());
  if (!ssl) return Error(ErrorCode::kInternal, "tls: " + openssl_text());
  const std::string& name = impl_->options.server_name.empty() ? host : impl_->options.server_name;
  if (!expect_name(ssl.get(), name)) {
    return Error(ErrorCode::kInvalidArgument, "tls: server name '" + name + "': " + openssl_text());
  }
  if (Status shaken = shake_hands(ssl.get(), socket.get(), deadline); !shaken) return shaken.error();
  return std::unique_ptr<Transport>(new TlsTransport(std::move(socket), std::move(ssl)));
}

struct TlsIdentity::Impl {
  SSL_CTX* context = nullptr;
  ~Impl() { ::SSL_CTX_free(context); }
};

TlsIdentity::TlsIdentity(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsIdentity::~TlsIdentity() = default;

Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::open(const std::string& cert_file, const std::string& key_file) {
  auto impl = std::make_unique<Impl>();
  impl->context = make_context(::TLS_server_method());
  if (!impl->context) return Error(ErrorCode::kInternal, "tls: " + openssl_text());
  if (Status loaded = load_identity(impl->context, cert_file, key_file); !loaded) return loaded.error();
  return std::shared_ptr<const TlsIdentity>(new TlsIdentity(std::move(impl)));
}

Result<std::unique_ptr<LoopTransport>> TlsIdentity::accept(Fd socket) const {
  std::unique_ptr<SSL, FreeSsl> ssl = make_ssl(impl_->context, socket.get());
  if (!ssl) return Error(ErrorCode::kInternal, "tls: " + openssl_text());
  ::SSL_set_accept_state(ssl.get());
  return std::unique_ptr<LoopTransport>(new TlsTransport(std::move(socket), std::move(ssl)));
}

}  // namespace windlass::net
