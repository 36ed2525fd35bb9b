#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
std::string encode_scheduler_event(const SchedulerEvent&) { return {}; }
}
