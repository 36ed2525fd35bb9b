// From a tree of values, which came out of a file, a web service or a database, to the entries that it describes.
#pragma once

#include <string>

#include <windlass/codec.hpp>
#include <windlass/periodic.hpp>

namespace windlass::periodic {

// One entry: an object with the keys of docs/guide/periodic-tasks.md.
// Errors: kInvalidArgument, with the key and what it must be. An unknown key is an error.
Result<PeriodicTaskConfig> read_config(const codec::Value& entry);

// A list of entries, or an object with one under "entry" or "entries". Errors: as above, with the number and name of
// the entry.
Result<PeriodicTaskConfigs> read_configs(const codec::Value& root);

}  // namespace windlass::periodic
