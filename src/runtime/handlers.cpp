#include "runtime/handlers.hpp"

#include <utility>

#include <windlass/log.hpp>

#include "exec/process_pool.hpp"
#include "mux/guarded_run.hpp"
#include "mux/mux_access.hpp"
#include "runtime/settings.hpp"

namespace windlass::runtime {

Status Handlers::start(const HandlerOptions& server) {
  for (const std::string& pattern : mux_.patterns()) {
    if (mux_.is_async(pattern)) continue;  // on loops, whatever the server's default
    if (const auto make = windlass::internal::MuxAccess::find_factory(mux_, pattern)) {
      executor_of_[pattern] = executors_.emplace_back(make()).get();
      continue;
    }
    const HandlerOptions options = merged_options(*mux_.find_options(pattern), server);
    if (Status good = check_handler_options("options of '" + pattern + "'", options); !good) return good;
    if (options.isolation != Isolation::kProcess) continue;
    const auto pool = pool_for(options);
    if (!pool) return pool.error();
    executor_of_[pattern] = *pool;
  }
  return {};
}

Result<Handlers::Executor*> Handlers::pool_for(const HandlerOptions& options) {
  for (const Pool& pool : pools_) {
    if (pool.options == options) return pool.executor;
  }
  auto started = exec::ProcessPool::start(options);
  if (!started) return started.error();
  Executor* const pool = executors_.emplace_back(*std::move(started)).get();
  pools_.push_back({options, pool});
  return pool;
}

void Handlers::stop() {
  for (const auto& executor : executors_) executor->close();
}

Handlers::Executor* Handlers::find(const Context& ctx) const {
  if (executor_of_.empty()) return nullptr;
  const auto found = executor_of_.find(mux_.find_pattern(ctx.type()));
  return found == executor_of_.end() ? nullptr : found->second;
}

exec::RunReport Handlers::run(Context& ctx) {
  Executor* const executor = find(ctx);
  if (executor == nullptr) return {internal::run_guarded(mux_, ctx)};
  const LogScope scope(internal::run_log_fields(ctx));
  return executor->run(ctx);
}

void Handlers::hurry() {
  for (const auto& executor : executors_) executor->hurry();
}

std::optional<Duration> Handlers::stop_time(const Context& ctx) const {
  const Executor* const executor = find(ctx);
  if (executor == nullptr) return std::nullopt;
  return executor->stop_time();
}

}  // namespace windlass::runtime
