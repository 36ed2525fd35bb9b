// Audit: who did what, when, and what came of it. Every request that may change something leaves one entry, also a refused one.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

#include "base/mutex.hpp"
#include "net/fd.hpp"

namespace windlass::web {

struct AuditEntry {
  TimePoint at;
  std::string user, role, address;
  std::string action;  // "run", "delete_queue", "login", ...
  std::string method, path;
  std::string queue, task_id;
  std::size_t count = 0;  // tasks; 0: one, or none
  int status = 0;
};

std::string audit_json(const AuditEntry& entry);

// Thread-safe.
class Audit {
 public:
  static constexpr std::size_t kKept = 1000;

  // Appends to the file, or ("") writes to the log. Errors: kPermissionDenied, kUnavailable (it cannot be opened).
  static Result<std::unique_ptr<Audit>> open(const std::string& path);

  void add(AuditEntry entry);
  // The last ones, newest first.
  std::vector<AuditEntry> last(std::size_t max);

 private:
  explicit Audit(net::Fd file) : file_(std::move(file)) {}

  const net::Fd file_;
  base::Mutex mu_;
  std::deque<AuditEntry> entries_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::web
