// Pipeline: commands as the bytes that go to Redis, with what the client must know about each of them: where it goes in a
// cluster, whether it may be sent twice, and which script it runs.
//
//   Pipeline p;
//   p.add("LLEN", Key{"{mail}:pending"}).idempotent();
//   p.eval(kEnqueue, 2, 1).key(task_key).key(pending_key).arg(payload);
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::redis {

class Script;

// An argument that is a key. The first one of a command decides which node of a cluster it goes to.
struct Key {
  std::string_view name;
};

struct Command {
  std::size_t begin = 0;             // in bytes()
  std::size_t end = 0;
  std::size_t key_begin = 0;         // where its first key stands
  std::size_t key_size = 0;
  bool has_key = false;
  bool idempotent = false;
  const Script* script = nullptr;    // set for EVALSHA
};

// Thread-compatible value. Scripts are referred to and must outlive it.
class Pipeline {
 public:
  // A whole command: its name and its arguments, each a text, an integer or a Key.
  template <class... Args>
  Pipeline& add(std::string_view name, const Args&... args) {
    begin(name, sizeof...(Args));
    (arg(args), ...);
    return *this;
  }

  // A command of which exactly `args` arguments follow by arg() and key().
  Pipeline& begin(std::string_view name, std::size_t args);
  Pipeline& arg(std::string_view text);
  Pipeline& arg(std::integral auto number) { return arg_integer(static_cast<std::int64_t>(number)); }
  Pipeline& arg(Key key) { return this->key(key.name); }
  Pipeline& key(std::string_view name);

  // A run of `script`; exactly `keys` calls of key() and then `args` calls of arg() follow.
  Pipeline& eval(const Script& script, std::size_t keys, std::size_t args);

  // Marks the last command: running it twice does no harm, so it may be sent again when its outcome is unknown.
  Pipeline& idempotent();

  // Copies the i-th command of `other`.
  Pipeline& append(const Pipeline& other, std::size_t i);
  // Copies it with the source of its script in the place of the hash (EVAL). REQUIRES: it runs a script.
  Pipeline& append_with_source(const Pipeline& other, std::size_t i);

  std::size_t size() const { return commands_.size(); }
  bool empty() const { return commands_.empty(); }
  const Command& operator[](std::size_t i) const { return commands_[i]; }
  std::string_view bytes() const { assert(args_left_ == 0); return bytes_; }
  // The first key of the i-th command; empty if it has none.
  std::string_view key_of(std::size_t i) const;
  bool all_idempotent() const { return idempotent_ == commands_.size(); }
  // Keeps the memory for the next use.
  void clear();

 private:
  Pipeline& arg_integer(std::int64_t number);
  void put_length(char kind, std::size_t length);
  void put_text(std::string_view text);
  void finish_arg();

  std::string bytes_;
  std::vector<Command> commands_;
  std::size_t args_left_ = 0;
  std::size_t idempotent_ = 0;
};

}  // namespace windlass::redis
