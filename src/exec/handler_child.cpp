#include "exec/handler_child.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "exec/child_orders.hpp"
#include "exec/core_path.hpp"

namespace windlass::exec {
namespace {

constexpr std::size_t kTailMax = 8 << 10;
// Output of one run that is logged; its tail is kept all the same.
constexpr std::size_t kLoggedMax = 1 << 20;
// What one call of drain() reads at most: a child that writes without end must not hold up the caller.
constexpr std::size_t kDrainMax = 1 << 20;

Result<std::vector<std::string>> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> arguments;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    arguments.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (arguments.empty()) return Error(ErrorCode::kUnavailable, "handler processes: cannot read /proc/self/cmdline");
  return arguments;
}

std::vector<std::string> child_environment(const HandlerOptions& options) {
  const auto wanted = [&](const std::string& entry) {
    return !options.environment ||
           std::ranges::find(*options.environment, entry.substr(0, entry.find('='))) != options.environment->end();
  };
  const auto cpu = std::chrono::ceil<std::chrono::seconds>(options.cpu_time_max).count();
  const ChildOrders orders{.lanes = options.handlers_per_child,
                           .cpu_seconds = cpu,
                           .memory_limited = options.memory_max > 0 && options.cgroup.empty(),
                           .watch_rss = options.rss_max > 0};
  std::vector<std::string> environment;
  for (std::string& entry : environment_with({})) {
    if (wanted(entry)) environment.push_back(std::move(entry));
  }
  environment.push_back(std::string(kChildVariable) + "=" + orders_text(orders));
  return environment;
}

}  // namespace

// ------------------------------------------------------------------------------------------------------------ output

ChildOutput::ChildOutput(Fd pipe, pid_t pid)
    : pipe_(std::move(pipe)),
      lines_([this](std::string_view line) { log_line(line); }, kTailMax),
      fields_{{"child", std::to_string(pid)}} {}

void ChildOutput::begin_run(std::vector<LogField> fields) {
  base::Lock lock(mu_);
  lines_.end_line();
  lines_.take_tail();
  fields_ = std::move(fields);
  logged_ = 0;
}

void ChildOutput::log_line(std::string_view line) {
  if (logged_ > kLoggedMax) return;
  const bool last = (logged_ += line.size() + 1) > kLoggedMax;
  const std::string_view text = last ? "more output is not logged" : line;
  std::vector<LogField> fields;
  if (!in_run_) fields = fields_;
  fields.push_back({"stream", "output"});
  log_info(text, std::move(fields));
}

bool ChildOutput::drain(bool in_run) {
  std::array<char, 64 << 10> buffer;
  base::Lock lock(mu_);
  in_run_ = in_run;
  for (std::size_t sum = 0; sum < kDrainMax;) {
    const ssize_t n = ::read(pipe_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 && errno == EAGAIN;
    lines_.append({buffer.data(), static_cast<std::size_t>(n)});
    sum += static_cast<std::size_t>(n);
  }
  return true;
}

std::string ChildOutput::take_tail() {
  base::Lock lock(mu_);
  lines_.end_line();
  return lines_.take_tail();
}

// ------------------------------------------------------------------------------------------------------------- child

Result<ChildPlan> ChildPlan::make(const HandlerOptions& options) {
  auto arguments = own_arguments();
  if (!arguments) return arguments.error();
  return ChildPlan{options, *std::move(arguments), child_environment(options)};
}

HandlerChild::HandlerChild(Child process, Fd control, std::optional<ChildCgroup> cgroup)
    : cgroup_(std::move(cgroup)), process_(std::move(process)), control_(std::move(control)), output_(std::move(process_.output), process_.pid) {}

Result<std::shared_ptr<HandlerChild>> HandlerChild::start(const ChildPlan& plan) {
  std::vector<SocketPair> sockets;
  for (int i = 0; i < 1 + plan.options.handlers_per_child; ++i) {
    auto pair = open_socket_pair();
    if (!pair) return pair.error();
    sockets.push_back(*std::move(pair));
  }
  const HandlerOptions& o = plan.options;
  std::optional<ChildCgroup> cgroup;
  if (!o.cgroup.empty()) {
    auto made = ChildCgroup::make(o.cgroup, o.memory_max);
    if (!made) return made.error();
    cgroup.emplace(*std::move(made));
  }
  SpawnOptions spawn;
  spawn.program = "/proc/self/exe";
  spawn.death_signal = kServerDeathSignal;
  for (const SocketPair& pair : sockets) spawn.inherit.push_back(pair.theirs.get());
  spawn.joined_output = true;
  if (cgroup) spawn.cgroup_join = cgroup->join_fd();
  spawn.limits = {.memory_max = cgroup ? 0 : o.memory_max,
                  .open_files_max = o.open_files_max,
                  .nice = o.nice,
                  .working_folder = o.working_folder};
  auto process = spawn_child(plan.arguments, plan.environment, spawn);
  if (!process) return process.error();
  std::shared_ptr<HandlerChild> child(new HandlerChild(*std::move(process), std::move(sockets[0].ours), std::move(cgroup)));
  for (int i = 0; i < plan.options.handlers_per_child; ++i) {
    child->lanes_.push_back(
        std::make_unique<Lane>(*child, i, std::move(sockets[static_cast<std::size_t>(i) + 1].ours)));
  }
  return child;
}

void HandlerChild::signal(int number) const {
  if (ended) return;
  ::kill(-process_.pid, number);
  // A stopped process would sleep through it.
  ::kill(-process_.pid, SIGCONT);
}

void HandlerChild::shut_down() {
  control_.shut_down();
  for (const auto& lane : lanes_) lane->channel.shut_down();
}

int HandlerChild::running() const {
  return static_cast<int>(std::ranges::count_if(lanes_, [](const auto& lane) { return lane->serial != 0; }));
}

HandlerChild::Rest HandlerChild::take_rest() {
  // The leader is dead but not reaped, so that its number still names this group and no other.
  ::kill(-process_.pid, SIGKILL);
  if (cgroup_) cgroup_->kill();
  output_.drain(false);
  return {output_.take_tail(), cgroup_ && cgroup_->ran_out_of_memory()};
}

void HandlerChild::reap(Rest rest) {
  end.tail = std::move(rest.tail);
  end.out_of_memory = rest.out_of_memory;
  end.running = running();
  // Where this program ignores SIGCHLD there is nothing to wait for, and `info` stays empty.
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(process_.pidfd.get()), &info, WEXITED) != 0 && errno == EINTR) {}
  end.exited = info.si_code == CLD_EXITED;
  (end.exited ? end.exit_code : end.signal) = info.si_status;
  if (info.si_code == CLD_DUMPED) end.core = core_path(process_.pid);
  ended = true;
}

}  // namespace windlass::exec
