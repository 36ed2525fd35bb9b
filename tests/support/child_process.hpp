// ChildProcess: a program that a test starts and ends, by its own process id only. It dies with the test.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace windlass::testing {

// Confined to one thread.
class ChildProcess {
 public:
  ChildProcess() = default;
  // argv[0] is looked up in PATH. Output goes to `log_path`. Throws std::runtime_error if it cannot be started.
  ChildProcess(const std::vector<std::string>& argv, const std::string& log_path);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();  // kill -9

  bool running();
  void signal(int number) const;
  // Sends the signal and waits until the process is gone. Returns its exit code, or 128 + the signal that ended it; 0 if it was gone.
  int end(int number);

 private:
  pid_t pid_ = -1;
};

// True if `program` is in PATH.
bool program_exists(const std::string& program);

// A new folder under the system's temporary one; removed with all that is in it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace windlass::testing
