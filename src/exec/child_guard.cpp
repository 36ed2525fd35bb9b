#include "exec/child_guard.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include <windlass/log.hpp>

namespace windlass::exec {
namespace {

Error guard_error(const char* what, int number) {
  return Error(ErrorCode::kUnavailable, std::string("guard of child processes: ") + what + ": " + std::strerror(number));
}

// Its own session: a ^C or hang-up at the terminal is for the worker; the guard must outlive it.
Result<pid_t> spawn_guard(const std::string& program, int socket) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::string name = "windlass", command = kGuardCommand;
  char* argv[] = {name.data(), command.data(), nullptr};
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return guard_error("cannot start it", failed);
  return pid;
}

}  // namespace

// The protocol: one pid_t a record; positive = a group to watch, negative = the group is over.

Result<std::unique_ptr<ChildGuard>> ChildGuard::start(const std::string& program) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return guard_error("no socket pair", errno);
  Fd ours(ends[0]), theirs(ends[1]);
  Result<pid_t> pid = spawn_guard(program, theirs.get());
  if (!pid) return pid.error();
  return std::unique_ptr<ChildGuard>(new ChildGuard(*pid, std::move(ours)));
}

ChildGuard::~ChildGuard() {
  ::shutdown(socket_.get(), SHUT_RDWR);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
}

void ChildGuard::remove(pid_t group) {
  const pid_t record = -group;
  ssize_t sent = 0;
  do sent = ::send(socket_.get(), &record, sizeof record, MSG_NOSIGNAL);
  while (sent < 0 && (errno == EINTR || errno == ENOBUFS || errno == ENOMEM));
  if (sent == sizeof record || lost_.exchange(true)) return;
  log_warn("the guard of child processes is gone: commands may outlive this worker if it is killed",
           {{"cause", std::strerror(errno)}});
}

void run_guard() {
  for (const int ignored : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE}) ::signal(ignored, SIG_IGN);
  std::set<pid_t> groups;
  pid_t record = 0;
  for (;;) {
    const ssize_t got = ::recv(0, &record, sizeof record, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof record) break;
    if (record > 0) groups.insert(record);
    else groups.erase(-record);
  }
  for (const pid_t group : groups) ::kill(-group, SIGKILL);
}

}  // namespace windlass::exec
