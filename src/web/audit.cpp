#include "web/audit.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include <windlass/codec.hpp>
#include <windlass/log.hpp>

#include "net/socket.hpp"
#include "web/fields.hpp"

namespace windlass::web {

std::string audit_json(const AuditEntry& entry) {
  Fields out;
  out.time("at", entry.at).text("user", entry.user).text("role", entry.role).text("address", entry.address);
  out.text("action", entry.action).text("method", entry.method).text("path", entry.path);
  out.text_if("queue", entry.queue).text_if("task_id", entry.task_id);
  if (entry.count > 0) out.add("count", entry.count);
  return codec::write_json(out.add("status", entry.status).done());
}

Result<std::unique_ptr<Audit>> Audit::open(const std::string& path) {
  if (path.empty()) return std::unique_ptr<Audit>(new Audit(net::Fd()));
  net::Fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) return net::system_error(("audit file '" + path + "'").c_str(), errno);
  return std::unique_ptr<Audit>(new Audit(std::move(file)));
}

void Audit::add(AuditEntry entry) {
  base::Lock lock(mu_);
  if (file_.get() < 0) {
    log_info("web: " + entry.action, {{"user", entry.user}, {"address", entry.address}, {"path", entry.path},
                                      {"status", std::to_string(entry.status)}});
  } else {
    const std::string line = audit_json(entry) + "\n";
    if (::write(file_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      log_error("web: the audit file cannot be written: " + audit_json(entry));
    }
  }
  entries_.push_front(std::move(entry));
  if (entries_.size() > kKept) entries_.pop_back();
}

std::vector<AuditEntry> Audit::last(std::size_t max) {
  base::Lock lock(mu_);
  return {entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(std::min(max, entries_.size()))};
}

}  // namespace windlass::web
