#include "web/accounts.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <windlass/log.hpp>

namespace windlass::web {
namespace {

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

// "" if it could be read.
std::string parse_account(const std::string& line, const Accounts::Check& check, Account& account) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
  if (second == line.npos || first == 0) return "must be NAME:ROLE:SECRET";
  const std::string role = line.substr(first + 1, second - first - 1);
  const std::optional<Role> found = find_role(role);
  if (!found) return "'" + role + "' is no role; there are viewer, operator and admin";
  account = {line.substr(0, first), *found, line.substr(second + 1)};
  return check(account.secret);
}

}  // namespace

Result<std::unique_ptr<Accounts>> Accounts::open(std::string path, Check check) {
  std::unique_ptr<Accounts> accounts(new Accounts(std::move(path), std::move(check)));
  auto read = accounts->read();
  if (!read) return read.error();
  base::Lock lock(accounts->mu_);
  accounts->refresh();
  return accounts;
}

Result<std::map<std::string, Account>> Accounts::read() const {
  struct stat info {};
  std::ifstream file(path_);
  if (!file || ::stat(path_.c_str(), &info) != 0) {
    return Error(ErrorCode::kInvalidArgument, path_ + ": " + std::strerror(errno));
  }
  if ((info.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return Error(ErrorCode::kPermissionDenied, path_ + ": others may read or write it; chmod 600 it");
  }
  std::map<std::string, Account> accounts;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == line.npos || line.front() == '#') continue;
    Account account;
    std::string wrong = parse_account(line, check_, account);
    if (wrong.empty() && accounts.contains(account.name)) wrong = "'" + account.name + "' is there twice";
    if (!wrong.empty()) return Error(ErrorCode::kInvalidArgument, path_ + ": line " + std::to_string(number) + ": " + wrong);
    accounts.emplace(account.name, account);
  }
  if (accounts.empty()) return Error(ErrorCode::kInvalidArgument, path_ + ": there is nobody in it");
  return accounts;
}

void Accounts::refresh() {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) info = {};
  if (info.st_ino != 0 && same_file(info, seen_)) return;
  seen_ = info;
  auto read_again = read();
  if (!read_again) log_error("nobody can log in: " + read_again.error().message());
  accounts_ = read_again.value_or({});
}

std::optional<Account> Accounts::find(const std::string& name) {
  base::Lock lock(mu_);
  refresh();
  const auto found = accounts_.find(name);
  return found == accounts_.end() ? std::nullopt : std::optional(found->second);
}

std::map<std::string, Account> Accounts::all() {
  base::Lock lock(mu_);
  refresh();
  return accounts_;
}

}  // namespace windlass::web
