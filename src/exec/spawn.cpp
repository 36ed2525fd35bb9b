#include "exec/spawn.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
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
    case E2BIG: return Error(ErrorCode::kInvalidArgument, where + "arguments and environment are too long");
    case EAGAIN: return Error(ErrorCode::kResourceExhausted, where + "too many processes (see ulimit -u)");
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ETXTBSY: return Error(ErrorCode::kResourceExhausted, where + std::strerror(number));
    default: return Error(ErrorCode::kInvalidArgument, where + std::strerror(number));
  }
}

// All that the child needs, ready made: between vfork and exec it may call nothing that allocates or locks.
struct Orders {
  const char* path;
  const std::vector<char*>& argv;
  const std::vector<char*>& environment;
  int input, output, error;  // become 0, 1 and 2. These and the next two stand above all that they become
  const std::vector<int>& inherit;  // become 3, 4, ...
  int trouble;                      // takes the Trouble of a child that did not get to run; closes on exec
  const SpawnOptions& options;
  pid_t parent;
};

// What went wrong between vfork and exec.
struct Trouble {
  LimitStep step = LimitStep::kNone;  // kNone: exec itself
  int number = 0;                     // errno
};

constexpr int kFirstInherited = 3;

[[noreturn]] void give_up(int trouble_fd, LimitStep step) {
  const Trouble trouble{step, errno};
  (void)!::write(trouble_fd, &trouble, sizeof trouble);
  ::_exit(127);
}

// See child_guard.cpp: positive = a group begins, negative = it is over.
void announce(int to, pid_t record) {
  if (to >= 0) (void)::send(to, &record, sizeof record, MSG_NOSIGNAL);
}

// The child. It shares the parent's memory, and the parent's thread stands still, until exec.
[[noreturn]] void become(const Orders& orders) {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  ::setpgid(0, 0);
  announce(orders.options.announce_to, ::getpid());
  const int join = orders.options.cgroup_join;
  if (join >= 0 && ::write(join, "0", 1) != 1) give_up(orders.trouble, LimitStep::kCgroup);
  ::dup2(orders.input, 0);
  ::dup2(orders.output, 1);
  ::dup2(orders.error, 2);
  int next = kFirstInherited;
  for (const int fd : orders.inherit) ::dup2(fd, next++);
  ::dup3(orders.trouble, next, O_CLOEXEC);
  ::close_range(static_cast<unsigned>(next) + 1, ~0U, 0);
  if (const LimitStep failed = apply_limits(orders.options.limits); failed != LimitStep::kNone) give_up(next, failed);
  if (orders.options.death_signal != 0) {
    ::prctl(PR_SET_PDEATHSIG, orders.options.death_signal);
    if (::getppid() != orders.parent) ::_exit(127);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(orders.path, orders.argv.data(), orders.environment.data());
  give_up(next, LimitStep::kNone);
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

// What kept the child from running; nothing if it runs.
std::optional<Trouble> trouble_of(Pipe& pipe) {
  pipe.write.reset();
  Trouble trouble;
  ssize_t n = 0;
  do n = ::read(pipe.read.get(), &trouble, sizeof trouble);
  while (n < 0 && errno == EINTR);
  if (n != sizeof trouble) return std::nullopt;
  return trouble;
}

// A descriptor that stands where the child puts another one would be overwritten.
Status move_up(Fd& fd, int least) {
  if (!fd.open() || fd.get() >= least) return {};
  const int moved = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, least);
  if (moved < 0) return system_error("cannot duplicate a descriptor", errno);
  fd = Fd(moved);
  return {};
}

// The descriptors that the child gets, at both ends, above all numbers that they become.
struct Plumbing {
  Pipe in, out, err, trouble;
  std::vector<Fd> inherit;

  static Result<Plumbing> open(const SpawnOptions& options) {
    Plumbing p;
    for (Pipe* pipe : {&p.in, &p.out, &p.err, &p.trouble}) {
      if (options.joined_output && (pipe == &p.in || pipe == &p.err)) continue;
      Result<Pipe> opened = open_pipe();
      if (!opened) return opened.error();
      *pipe = *std::move(opened);
    }
    if (options.joined_output) p.in.read = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (options.joined_output && !p.in.read.open()) return system_error("cannot open /dev/null", errno);
    for (const int fd : options.inherit) {
      p.inherit.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstInherited));
      if (!p.inherit.back().open()) return system_error("cannot duplicate a descriptor", errno);
    }
    if (Status moved = p.move_all_up(); !moved) return moved.error();
    return p;
  }

  Status move_all_up() {
    const int least = kFirstInherited + static_cast<int>(inherit.size()) + 1;
    std::vector<Fd*> all;
    for (Pipe* pipe : {&in, &out, &err, &trouble}) all.insert(all.end(), {&pipe->read, &pipe->write});
    for (Fd& fd : inherit) all.push_back(&fd);
    for (Fd* fd : all) {
      if (Status moved = move_up(*fd, least); !moved) return moved;
    }
    return {};
  }
};

Error trouble_error(const std::string& command, const Trouble& trouble, const ProcessLimits& limits) {
  // Its own limit, not the machine's.
  const bool limited = trouble.number == ENOMEM && limits.memory_max > 0;
  if (trouble.step == LimitStep::kNone && !limited) return spawn_error(command, trouble.number);
  return Error(ErrorCode::kInvalidArgument, "cannot run '" + command + "': " + limit_step_text(trouble.step) + ": " +
                                                std::strerror(trouble.number));
}

Result<std::string> program_path(const std::string& name) {
  // With a slash the kernel says best what is wrong with it.
  if (name.find('/') != std::string::npos) return name;
  return find_command(name);
}

}  // namespace

Result<Child> spawn_child(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                          const SpawnOptions& options) {
  const Result<std::string> path = options.program.empty() ? program_path(argv[0]) : options.program;
  if (!path) return path.error().at("cannot run");
  Result<Plumbing> opened = Plumbing::open(options);
  if (!opened) return opened.error();
  Plumbing& p = *opened;

  const std::vector<char*> arguments = pointers(argv), variables = pointers(environment);
  std::vector<int> inherit;
  for (const Fd& fd : p.inherit) inherit.push_back(fd.get());
  const int error_end = (options.joined_output ? p.out : p.err).write.get();
  const pid_t pid = start({path->c_str(), arguments, variables, p.in.read.get(), p.out.write.get(), error_end, inherit,
                           p.trouble.write.get(), options, ::getpid()});
  if (pid < 0) return spawn_error(argv[0], errno);
  if (const std::optional<Trouble> trouble = trouble_of(p.trouble)) {
    announce(options.announce_to, -pid);
    ::waitpid(pid, nullptr, 0);
    return trouble_error(argv[0], *trouble, options.limits);
  }

  Child child{.pid = pid, .pidfd = Fd(::pidfd_open(pid, 0))};
  if (!child.pidfd.open()) {
    const int number = errno;
    ::kill(-pid, SIGKILL);
    announce(options.announce_to, -pid);
    ::waitpid(pid, nullptr, 0);
    return system_error("cannot watch the command '" + argv[0] + "'", number);
  }
  child.input = std::move(p.in.write);
  child.output = std::move(p.out.read);
  child.error = std::move(p.err.read);
  for (const Fd* fd : {&child.input, &child.output, &child.error}) {
    if (fd->open()) set_nonblocking(*fd);
  }
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
