#include "runtime/handlers.hpp"

#include <windlass/log.hpp>

#include "mux/guarded_run.hpp"
#include "runtime/settings.hpp"

namespace windlass::runtime {

Status Handlers::start(const HandlerOptions& server) {
  for (const std::string& pattern : mux_.patterns()) {
    if (mux_.is_async(pattern)) continue;  // on loops, whatever the server's default
    const HandlerOptions options = merged_options(*mux_.find_options(pattern), server);
    if (Status good = check_handler_options("options of '" + pattern + "'", options); !good) return good;
    if (options.isolation != Isolation::kProcess) continue;
    const auto pool = pool_for(options);
    if (!pool) return pool.error();
    pool_of_[pattern] = *pool;
  }
  return {};
}

Result<exec::ProcessPool*> Handlers::pool_for(const HandlerOptions& options) {
  for (const Pool& pool : pools_) {
    if (pool.options == options) return pool.pool.get();
  }
  auto started = exec::ProcessPool::start(options);
  if (!started) return started.error();
  pools_.push_back({options, *std::move(started)});
  return pools_.back().pool.get();
}

void Handlers::stop() {
  for (const Pool& pool : pools_) pool.pool->close();
}

exec::ProcessPool* Handlers::find_pool(const Context& ctx) const {
  if (pool_of_.empty()) return nullptr;
  const auto found = pool_of_.find(mux_.find_pattern(ctx.type()));
  return found == pool_of_.end() ? nullptr : found->second;
}

exec::RunReport Handlers::run(Context& ctx) {
  exec::ProcessPool* const pool = find_pool(ctx);
  if (pool == nullptr) return {internal::run_guarded(mux_, ctx)};
  const LogScope scope(internal::run_log_fields(ctx));
  return pool->run(ctx);
}

void Handlers::hurry() {
  for (const Pool& pool : pools_) pool.pool->hurry();
}

}  // namespace windlass::runtime
