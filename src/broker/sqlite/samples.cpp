#include "broker/sqlite/operations.hpp"

namespace windlass::broker {

bool take_sample_minute(Session& session, TimePoint minute) {
  return session.execute(Sql::kMinuteTake, minute.time_since_epoch().count()) == 1;
}

void save_samples(Session& session, std::span<const SampleWrite> writes) {
  for (const SampleWrite& write : writes) {
    session.execute(Sql::kSampleSave, write.queue, static_cast<std::int64_t>(write.slot), sqlite::Blob{write.bytes});
  }
}

std::string read_sample_slots(Session& session, const std::string& queue) {
  std::string ring;
  for (auto row = session.run(Sql::kSampleList, queue); row.next();) {
    const std::string_view bytes = row.bytes(1);
    const std::size_t begin = static_cast<std::size_t>(row.integer(0)) * bytes.size();
    if (ring.size() < begin) ring.resize(begin);
    ring.replace(begin, bytes.size(), bytes);
  }
  return ring;
}

}  // namespace windlass::broker
