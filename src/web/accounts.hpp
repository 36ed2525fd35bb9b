// Accounts: a file of lines NAME:ROLE:SECRET, read again when it changes.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include <windlass/error.hpp>

#include "base/mutex.hpp"
#include "web/config.hpp"

namespace windlass::web {

struct Account {
  std::string name;
  Role role = Role::kViewer;
  std::string secret;  // a hash of a password, or a token
};

// Thread-safe.
class Accounts {
 public:
  // Lines that begin with '#', and blank ones, are passed over. `check` says what is wrong with a secret ("": nothing).
  // Errors: kInvalidArgument (the file with the line and what is wrong), kPermissionDenied (others than its owner and group can read it).
  using Check = std::function<std::string(const std::string& secret)>;
  static Result<std::unique_ptr<Accounts>> open(std::string path, Check check);

  // A file that is damaged or gone later on has nobody in it.
  std::optional<Account> find(const std::string& name);
  std::map<std::string, Account> all();

 private:
  Accounts(std::string path, Check check) : path_(std::move(path)), check_(std::move(check)) {}
  Result<std::map<std::string, Account>> read() const;
  void refresh() WINDLASS_REQUIRES(mu_);

  const std::string path_;
  const Check check_;
  base::Mutex mu_;
  struct stat seen_ WINDLASS_GUARDED_BY(mu_) {};
  std::map<std::string, Account> accounts_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::web
