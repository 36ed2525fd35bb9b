// Records that end by themselves (of servers, their workers, schedulers), and the lists that name them. What a list
// names may have ended; only the record itself says.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/redis/store.hpp"

namespace windlass::broker {

// How long a list still names a record that ended: longer than clocks differ, by which Go processes reckon.
inline constexpr Duration kRecordsListed = std::chrono::minutes(1);

// Writes a record under `key`, in the place of an older one: a "string" (one value), a "hash" (fields and values in
// turn) or a "list" (the last value comes first). Without values there is none.
void publish_record(redis::Pipeline& pipeline, std::string_view key, Duration ttl, std::string_view type,
                    const std::vector<std::string>& values);

// Names `member` in `list`, for `ttl` as far as readers of Asynq go, and drops what ended longer ago than `listed`.
void register_record(redis::Pipeline& pipeline, std::string_view list, std::string_view member, Duration ttl,
                     Duration listed);

// Removes the record and its name.
void remove_record(redis::Pipeline& pipeline, std::string_view list, std::string_view key);

// The ids of the records that `list` names: "ID" of "...:{ID}".
Result<std::vector<std::string>> read_record_ids(Store& store, std::string_view list);

}  // namespace windlass::broker
