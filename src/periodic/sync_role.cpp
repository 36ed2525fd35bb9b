#include "periodic/sync_role.hpp"

#include <algorithm>

#include <windlass/log.hpp>

#include "mux/guarded_run.hpp"

namespace windlass::periodic {
namespace {

// How often a provider is asked whether there is something new, and the longest wait after a failure.
constexpr Duration kLook = std::chrono::seconds(1);
constexpr Duration kRetry = std::chrono::seconds(15);

Error thrown(const std::string& what) {
  return Error(ErrorCode::kFailedPrecondition, "the provider of periodic tasks threw " + what);
}

std::string join(const std::vector<std::string>& ids) {
  constexpr std::size_t kShown = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(ids.size(), kShown); ++i) text += (i == 0 ? "" : ", ") + ids[i];
  if (ids.size() > kShown) text += ", and " + std::to_string(ids.size() - kShown) + " more";
  return text;
}

std::string join(const std::vector<Error>& errors) {
  std::string text;
  for (const Error& error : errors) text += (text.empty() ? "" : "\n") + error.message();
  return text;
}

}  // namespace

Status SyncRole::first() {
  const SyncReport report = sync();
  due_ = clock_.steady() + interval_;
  if (report.errors.empty()) return {};
  return Error(report.errors.front().code(), join(report.errors));
}

TimePoint SyncRole::step(TimePoint now) {
  if (clock_.steady() >= due_ || has_changed()) {
    const bool failed = !sync().errors.empty();
    due_ = clock_.steady() + (failed ? std::min(interval_, kRetry) : interval_);
  }
  return now + std::clamp(due_ - clock_.steady(), Duration::zero(), kLook);
}

SyncReport SyncRole::sync() {
  SyncReport report;
  try {
    auto configs = provider_->configs(stop_.get_token());
    if (stop_.stop_requested()) return report;
    if (configs) {
      report = sync_.apply(*configs);
    } else {
      report.errors.push_back(configs.error());
    }
  } catch (...) { report.errors.push_back(thrown(internal::describe_current_exception())); }
  tell(report);
  return report;
}

bool SyncRole::has_changed() {
  try {
    return provider_->changed();
  } catch (...) {
    log_error("the provider of periodic tasks threw in changed()", {{"error", internal::describe_current_exception()}});
    return false;
  }
}

void SyncRole::tell(const SyncReport& report) {
  if (!report.added.empty()) log_info("periodic tasks added", {{"entries", join(report.added)}});
  if (!report.changed.empty()) log_info("periodic tasks changed", {{"entries", join(report.changed)}});
  if (!report.removed.empty()) log_info("periodic tasks removed", {{"entries", join(report.removed)}});
  const std::string errors = join(report.errors);
  if (!errors.empty() && errors != last_errors_) {
    log_error("periodic tasks could not all be synced", {{"error", errors}});
  }
  if (errors.empty() && !last_errors_.empty()) log_info("periodic tasks are in sync again");
  last_errors_ = errors;
  if (!on_sync_) return;
  try {
    on_sync_(report);
  } catch (...) { log_error("the hook on_sync threw", {{"error", internal::describe_current_exception()}}); }
}

}  // namespace windlass::periodic
