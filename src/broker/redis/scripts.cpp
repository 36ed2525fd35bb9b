#include "broker/redis/scripts.hpp"

#include <array>
#include <string>
#include <string_view>

#include "broker/redis/script_sources.hpp"

namespace windlass::broker {
namespace {

// What brings tasks to an end must work when Redis is out of memory, else it stays so.
constexpr std::string_view kAllowOom = "#!lua flags=allow-oom\n";
constexpr std::string_view kPlain = "#!lua\n";
constexpr std::string_view kReadOnly = "#!lua flags=no-writes\n";

redis::Script make(std::string_view head, std::string_view source) {
  return redis::Script(std::string(head) + std::string(lua::common) + std::string(source));
}

// A script that needs what stands in `part`.
redis::Script make(std::string_view head, std::string_view part, std::string_view source) {
  return make(head, std::string(part) + std::string(source));
}

// enqueue.lua as a function.
std::string enqueue_function() { return "local function enqueue()\n" + std::string(lua::enqueue) + "\nend\n"; }

}  // namespace

const redis::Script& script(ScriptName name) {
  // In the order of ScriptName.
  static const std::array kScripts{
      make(kPlain, lua::enqueue),        make(kAllowOom, lua::fetch),        make(kAllowOom, lua::take_back),
      make(kAllowOom, lua::finish),      make(kAllowOom, lua::extend),       make(kPlain, lua::update),
      make(kAllowOom, lua::soonest, lua::forward),
      make(kAllowOom, lua::survey),      make(kReadOnly, lua::find_lost),    make(kAllowOom, lua::recover),
      make(kAllowOom, lua::soonest, lua::clean),
      make(kAllowOom, lua::group_take),   make(kPlain, enqueue_function(), lua::group_finish),
      make(kAllowOom, lua::group_release), make(kReadOnly, lua::queue_info), make(kReadOnly, lua::task_fields, lua::list),
      make(kReadOnly, lua::task_fields, lua::task),
      make(kAllowOom, lua::act),         make(kPlain, lua::update_payload),  make(kAllowOom, lua::remove_queue),
      make(kAllowOom, lua::trash),       make(kAllowOom, lua::publish_record), make(kAllowOom, lua::register_record),
      make(kAllowOom, lua::publish_cancels), make(kReadOnly, lua::refusals),
  };
  return kScripts[static_cast<std::size_t>(name)];
}

}  // namespace windlass::broker
