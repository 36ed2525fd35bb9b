#include "exec/spawn.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string_view>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

namespace windlass::exec {
namespace {

struct Pipe {
  Fd read;
  Fd write;
};

Error system_error(const std::string& what, int number) {
  return Error(ErrorCode::kResourceExhausted, what + ": " + std::strerror(number));
}

// Both ends close on exec; dup2 in the child takes that off the copies it gets.
Result<Pipe> open_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("cannot open a pipe for a command", errno);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

void set_nonblocking(const Fd& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));  // NOLINT: exec takes them so, and copies
  out.push_back(nullptr);
  return out;
}

Error spawn_error(const std::string& command, int number) {
  const std::string where = "cannot run '" + command + "': ";
  switch (number) {
    case ENOENT: return Error(ErrorCode::kInvalidArgument, where + "no such file (or not its interpreter, if it is a script)");
    case EACCES: return Error(ErrorCode::kInvalidArgument, where + "no permission to execute it");
    case ENOEXEC: return Error(ErrorCode::kInvalidArgument, where + "neither a program nor a script with a #! line");
    case E2BIG: return Error(ErrorCode::kResourceExhausted, where + "arguments and environment are too long");
    case EAGAIN: return Error(ErrorCode::kResourceExhausted, where + "too many processes (see ulimit -u)");
    default: return Error(ErrorCode::kResourceExhausted, where + std::strerror(number));
  }
}

// All that the child needs, ready made: between vfork and exec it may call nothing that allocates or locks.
struct Orders {
  const char* path;
  const std::vector<char*>& argv;
  const std::vector<char*>& environment;
  int input, output, error;  // become 0, 1 and 2; all above 2
  int trouble;               // takes the errno of an exec that failed; above 2, closes on exec
  int announce_to;
};

constexpr int kTroubleFd = 3;

// The child. It shares the parent's memory, and the parent's thread stands still, until exec.
[[noreturn]] void become(const Orders& orders) {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  ::setpgid(0, 0);
  if (orders.announce_to >= 0) {
    const pid_t group = ::getpid();
    (void)::send(orders.announce_to, &group, sizeof group, MSG_NOSIGNAL);
  }
  ::dup2(orders.input, 0);
  ::dup2(orders.output, 1);
  ::dup2(orders.error, 2);
  if (orders.trouble != kTroubleFd) ::dup3(orders.trouble, kTroubleFd, O_CLOEXEC);
  ::close_range(kTroubleFd + 1, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(orders.path, orders.argv.data(), orders.environment.data());
  const int number = errno;
  (void)!::write(kTroubleFd, &number, sizeof number);
  ::_exit(127);
}

// Signals wait meanwhile: a handler that ran in the child would run in the parent's memory.
pid_t start(const Orders& orders) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) become(orders);
  const int number = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = number;
  return pid;
}

// The errno of the child's exec; 0 if it went well.
int exec_error(Pipe& trouble) {
  trouble.write.reset();
  int number = 0;
  ssize_t n = 0;
  do n = ::read(trouble.read.get(), &number, sizeof number);
  while (n < 0 && errno == EINTR);
  return n == sizeof number ? number : 0;
}

// A pipe end among 0 to 2 (a program started with them closed) would be overwritten by the dup2 of another one.
Status move_up(Pipe& pipe) {
  for (Fd* fd : {&pipe.read, &pipe.write}) {
    if (fd->get() > 2) continue;
    const int moved = ::fcntl(fd->get(), F_DUPFD_CLOEXEC, 3);
    if (moved < 0) return system_error("cannot duplicate a descriptor", errno);
    *fd = Fd(moved);
  }
  return {};
}

Result<Pipe> open_high_pipe() {
  Result<Pipe> pipe = open_pipe();
  if (!pipe) return pipe;
  if (Status moved = move_up(*pipe); !moved) return moved.error();
  return pipe;
}

}  // namespace

Result<Child> spawn_child(const std::vector<std::string>& argv, const std::vector<std::string>& environment, int announce_to) {
  // With a slash the kernel says best what is wrong with it.
  const bool is_path = argv[0].find('/') != std::string::npos;
  const Result<std::string> path = is_path ? argv[0] : find_command(argv[0]);
  if (!path) return path.error().at("cannot run");
  Result<Pipe> in = open_high_pipe();
  if (!in) return in.error();
  Result<Pipe> out = open_high_pipe();
  if (!out) return out.error();
  Result<Pipe> err = open_high_pipe();
  if (!err) return err.error();
  Result<Pipe> trouble = open_high_pipe();
  if (!trouble) return trouble.error();

  const std::vector<char*> arguments = pointers(argv), variables = pointers(environment);
  const pid_t pid = start({path->c_str(), arguments, variables, in->read.get(), out->write.get(), err->write.get(),
                           trouble->write.get(), announce_to});
  if (pid < 0) return spawn_error(argv[0], errno);
  if (const int number = exec_error(*trouble); number != 0) {
    ::waitpid(pid, nullptr, 0);
    return spawn_error(argv[0], number);
  }

  Child child{.pid = pid, .pidfd = Fd(::pidfd_open(pid, 0))};
  if (!child.pidfd.open()) {
    const int number = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return system_error("cannot watch the command '" + argv[0] + "'", number);
  }
  child.input = std::move(in->write);
  child.output = std::move(out->read);
  child.error = std::move(err->read);
  for (const Fd* fd : {&child.input, &child.output, &child.error}) set_nonblocking(*fd);
  return child;
}

std::vector<std::string> environment_with(std::span<const std::string> additions) {
  const auto key = [](std::string_view entry) { return entry.substr(0, entry.find('=')); };
  std::set<std::string_view> added;
  for (const std::string& entry : additions) added.insert(key(entry));
  std::vector<std::string> all(additions.begin(), additions.end());
  for (char** entry = environ; entry && *entry; ++entry) {
    if (!added.contains(key(*entry))) all.emplace_back(*entry);
  }
  return all;
}

Result<std::string> find_command(const std::string& name) {
  const auto runnable = [](const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != name.npos) {
    if (runnable(name)) return name;
    return Error(ErrorCode::kInvalidArgument, "'" + name + "' is not a file that can be executed");
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "/bin:/usr/bin";
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
    const std::string candidate = std::string(folder.empty() ? "." : folder) + "/" + name;
    if (runnable(candidate)) return candidate;
  }
  return Error(ErrorCode::kInvalidArgument, "'" + name + "' is not found in PATH");
}

}  // namespace windlass::exec
