// TLS over a connected socket, by OpenSSL. The certificate chain and the host name are verified unless the caller says in so
// many words that they shall not be.
#pragma once

#include <memory>
#include <string>

#include "net/fd.hpp"
#include "net/transport.hpp"

namespace windlass::net {

struct TlsOptions {
  std::string ca;           // file or folder of trusted certificates; empty: the system's
  std::string cert_file;    // PEM, with its chain: shown to the server if it asks
  std::string key_file;     // PEM
  std::string server_name;  // what the certificate must be for; empty: the host connected to
  bool insecure_skip_verify = false;
};

// The settings of all connections to one place, loaded once. Immutable; thread-safe.
class TlsContext {
 public:
  // Errors: kInvalidArgument (a file that cannot be read or does not fit; names it).
  static Result<std::shared_ptr<const TlsContext>> open(const TlsOptions& options);
  ~TlsContext();

  // Shakes hands. `host` is the name connected to.
  //
  // Errors: kPermissionDenied (the certificate is not accepted, by us or by the peer), kUnavailable.
  Result<std::unique_ptr<Transport>> handshake(Fd socket, const std::string& host, Deadline deadline) const;

 private:
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// What a server shows: its certificate with the key. Loaded once. Immutable; thread-safe.
class TlsIdentity {
 public:
  // PEM files; the certificate with its chain. Errors: kInvalidArgument (a file that cannot be read or does not fit; names it).
  static Result<std::shared_ptr<const TlsIdentity>> open(const std::string& cert_file, const std::string& key_file);
  ~TlsIdentity();

  // The server's end of an accepted socket. Hands are shaken as the first reads and writes go on; nothing blocks.
  Result<std::unique_ptr<LoopTransport>> accept(Fd socket) const;

 private:
  struct Impl;
  explicit TlsIdentity(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::net
